package awsfile

import (
	"slices"
	"strings"

	"fob/internal/fob"
)

// LooseSecrets returns the lines of a file that hold a secret in clear and are no profile's:
// no SDK reads them, and nothing that edits profiles removes them. They are not quoted.
func (f *File) LooseSecrets() []Warning {
	f.count()
	var out []Warning
	for i, b := range f.blocks {
		for n, l := range scan(b.raw) {
			if why := f.loose(b, l, i == 0); why != "" && setsSecret(b.raw[l.start:l.end]) {
				out = append(out, Warning{Line: b.line + n, Message: why})
			}
		}
	}
	return out
}

// loose says why a line is no profile's; it is empty for a profile's.
func (f *File) loose(b *block, l line, preamble bool) string {
	switch {
	case l.kind == commentLine:
		return "commented out"
	case preamble:
		return "before the first section"
	case f.kind == Config && b.known && b.id.Type == "" && !isToolSection(b.id.Name):
		return "in a section without the word profile, which no SDK reads in this file"
	case !b.known || b.id.Type != typeProfile:
		return "in a section that is no profile's"
	case !slices.Contains(f.read(b.id), b):
		return "in a section that SDKs do not read, beside another of its name"
	case l.kind != keyLine || !fob.IsSecretKey(l.key):
		return "in a line that is no key's"
	}
	return ""
}

// setsSecret reports whether a text gives a value to one of the secret keys, as AWS's files
// or a shell would: export AWS_SECRET_ACCESS_KEY=… as well.
func setsSecret(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(fob.SecretKeys(), func(key string) bool {
		_, behind, found := strings.Cut(text, key)
		behind = strings.TrimLeft(behind, " \t\"'")
		return found && len(behind) > 1 && strings.ContainsRune("=:", rune(behind[0])) && strings.Trim(behind[1:], " \t\r\"'") != ""
	})
}

// SecretLines returns the numbers of all lines of a text, of whatever format, that give a
// value to one of the secret keys.
func SecretLines(data []byte) []int {
	var lines []int
	for i, text := range splitLines(string(data)) {
		if setsSecret(text) {
			lines = append(lines, i+1)
		}
	}
	return lines
}
