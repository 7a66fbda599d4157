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

// Init returns what a shell evaluates when it starts: the function fob, which calls the program
// exe, completion, and, with prompt, a segment in the shell's prompt.
func Init(shell, exe string, prompt bool) (string, error) {
	parts := []string{"", "-complete"}
	if prompt {
		parts = append(parts, "-prompt")
	}
	return script(shell, exe, parts...)
}

// Completion returns the part of [Init] for completion; it finds the program in PATH.
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

// call returns how the shell calls a program, bypassing aliases and functions with its name.
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
