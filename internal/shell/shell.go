// Package shell writes for several shells: how each sets variables, and the script that fob adds to
// each (the function fob, completion, the prompt's segment).
package shell

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fob/internal/fob"
	"fob/internal/quote"
)

// Formats returns the names that [Variables] accepts; the first is the default.
func Formats() []string {
	return []string{"posix", "fish", "powershell", "cmd", "dotenv", "json"}
}

// Variables returns, in a format, commands that unset some variables and then set others. Values
// with control characters are refused, because not every shell can read them back.
func Variables(format string, set map[string]string, unset []string) (string, error) {
	print, err := find(format)
	if err != nil {
		return "", err
	}
	for name, value := range set {
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", fob.Errorf(fob.ErrInternal, "the value of %s has control characters, which no shell takes", name)
		}
	}
	return print(set, unset), nil
}

type printer func(set map[string]string, unset []string) string

func find(format string) (printer, error) {
	switch format {
	case "", "posix":
		return lines("export %s=%s", quote.POSIX, "unset %s"), nil
	case "bash", "zsh": // users may have defined aliases for the commands
		return lines(`\export %s=%s`, quote.POSIX, `\unset %s`), nil
	case "fish":
		return lines("set -gx %s %s", quote.Fish, "set -e %s"), nil
	case "powershell":
		return lines("$Env:%s = %s", quote.PowerShell, "Remove-Item -ErrorAction SilentlyContinue Env:%s"), nil
	case "cmd":
		return lines(`set "%s=%s"`, quote.Cmd, `set "%s="`), nil
	case "dotenv":
		return lines("%s=%s", quote.POSIX, ""), nil
	case "json":
		return asJSON, nil
	}
	return nil, fob.Errorf(fob.ErrUsage, "there is no format %q", format).WithHint("--format %s", strings.Join(Formats(), "|"))
}

// lines makes a printer with one variable on each line, first those to unset.
func lines(set string, quote func(string) string, unset string) printer {
	return func(vars map[string]string, gone []string) string {
		var b strings.Builder
		if unset != "" {
			for _, name := range gone {
				fmt.Fprintf(&b, unset+"\n", name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(vars)) {
			fmt.Fprintf(&b, set+"\n", name, quote(vars[name]))
		}
		return b.String()
	}
}

func asJSON(set map[string]string, _ []string) string {
	text, err := json.MarshalIndent(set, "", "  ")
	if err != nil {
		panic(err) // a map of strings always marshals
	}
	return string(text) + "\n"
}
