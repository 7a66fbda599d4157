package shell

import (
	"embed"
	"slices"
	"strings"

	"fob/internal/fob"
	"fob/internal/quote"
)

//go:embed scripts
var pages embed.FS

// Shells are the names of the shells that have fob's own part.
func Shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// Init is what a shell evaluates when it starts: the function fob around the
// program exe, completion and, with prompt, the segment in the prompt.
func Init(shell, exe string, prompt bool) (string, error) {
	parts := []string{"", "-complete"}
	if prompt {
		parts = append(parts, "-prompt")
	}
	return script(shell, exe, parts...)
}

// Completion is the part of [Init] that completes, for the program in PATH.
func Completion(shell string) (string, error) {
	text, err := script(shell, "fob", "-complete")
	return strings.TrimLeft(text, "\n"), err
}

func script(shell, exe string, parts ...string) (string, error) {
	if !slices.Contains(Shells(), shell) {
		return "", fob.Errorf(fob.ErrUsage, "there is no shell %q", shell).WithHint("one of %s", strings.Join(Shells(), ", "))
	}
	var b strings.Builder
	for _, part := range parts {
		text, err := pages.ReadFile("scripts/" + shell + part + ".sh")
		if err != nil {
			return "", err
		}
		b.Write(text)
	}
	return strings.ReplaceAll(b.String(), "@FOB@", call(shell, exe)), nil
}

// call is how a shell runs a program: past aliases and functions of its name.
func call(shell, exe string) string {
	switch {
	case shell == "powershell":
		return quote.PowerShell(exe)
	case shell == "fish" && exe == "fob":
		return "command fob"
	case shell == "fish":
		return quote.Fish(exe)
	case exe == "fob":
		return `\command fob`
	}
	return quote.POSIX(exe)
}
