// Package quote is shell quoting: a value becomes one word of a shell's language, in
// which nothing of it is special.
//
// No value may hold NUL; no program takes that in an argument.
package quote

import (
	"strings"
	"unicode"
)

// Word quotes a value for sh, bash and zsh where it has to be, and leaves it as it is
// otherwise: for hints, which people type back, and for commands that are printed.
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

// POSIX quotes a value for sh, bash, zsh and dotenv files. In single quotes nothing is
// special there but the quote itself.
func POSIX(v string) string { return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'" }

// Fish quotes a value for fish, where in single quotes a backslash before a quote, or
// before a backslash, is special too.
func Fish(v string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v) + "'"
}

// PowerShell quotes a value for PowerShell, where a quote is doubled, and curly quotes
// are as good as straight ones.
func PowerShell(v string) string {
	return "'" + strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛").Replace(v) + "'"
}

// Cmd escapes a value for set "NAME=VALUE" of cmd.exe, where only % is special, in
// batch files.
func Cmd(v string) string { return strings.ReplaceAll(v, "%", "%%") }
