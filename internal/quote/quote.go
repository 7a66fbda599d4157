// Package quote does shell quoting: a value becomes one word of a shell's language, with no
// character in it special.
//
// Values must not contain NUL, which cannot be part of an argument.
package quote

import (
	"strings"
	"unicode"
)

// Word quotes a value for sh, bash and zsh only if necessary. It is for hints, which users copy,
// and for commands that are printed.
func Word(v string) string {
	plain := v != "" && v[0] != '=' && v[0] != '%' // zsh expands =ls, shells have jobs %1, fish has %self
	for _, r := range v {
		plain = plain && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_@%+=:,./-", r))
	}
	if plain {
		return v
	}
	return POSIX(v)
}

// POSIX quotes a value for sh, bash, zsh and dotenv files. Within single quotes only the quote
// itself is special.
func POSIX(v string) string { return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'" }

// Fish quotes a value for fish. Within single quotes, a backslash is special before a quote or
// another backslash.
func Fish(v string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v) + "'"
}

// PowerShell quotes a value for PowerShell, where quotes are doubled, and curly quotes count as
// quotes too.
func PowerShell(v string) string {
	return "'" + strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛").Replace(v) + "'"
}

// Cmd escapes a value for set "NAME=VALUE" in a batch file for cmd.exe, where only % is special.
func Cmd(v string) string { return strings.ReplaceAll(v, "%", "%%") }
