package awsfile

import (
	"bytes"
	"slices"
	"strings"
	"unicode"

	"fob/internal/fob"
)

// Damage returns those of the warnings after which it is in doubt to which section a line
// belongs: botocore refuses the file, or SDKs disagree. A `[profile x` without its `]`,
// for one, gives the profile above the role of x.
func (f *File) Damage() []Warning {
	return slices.DeleteFunc(f.Warnings(), func(w Warning) bool { return !w.Damage })
}

// damage warns of a line after which lines may belong to another section than they seem
// to. In doubt are the sections given, and those whose headers the text of the line holds.
func (w *warner) damage(line int, touched []ID, text, message string) {
	for piece := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if id, ok := w.file.kind.meant(piece); ok {
			touched = append(touched, id)
		}
	}
	w.out = append(w.out, Warning{Line: line, Message: message, Damage: true, Touches: touched})
}

// in is the section that a block's lines are in; none before the first header.
func (b *block) in() []ID {
	if b.inner == "" {
		return nil
	}
	return []ID{b.id}
}

// Sound returns the first damage of a file at a path as an error, [fob.ErrDamaged].
func (f *File) Sound(path string) error {
	for _, w := range f.Damage() {
		return fob.Errorf(fob.ErrDamaged, "%s:%d: %s", path, w.Line, w.Message).WithHint("correct that line")
	}
	return nil
}

// meant is the section whose header a damaged line seems to have been.
func (k Kind) meant(text string) (ID, bool) {
	text = strings.Map(func(r rune) rune {
		if isUnseen(r) && r != '\t' {
			return -1
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	inner, opened := strings.CutPrefix(text, "[")
	inner, _, closed := strings.Cut(inner, "]")
	inner = strings.TrimSpace(cutComment(inner))
	b := k.block(inner)
	if !opened && !closed && (k == Credentials || b.id.Type == "" || strings.ContainsAny(inner, "=:")) {
		return ID{}, false
	}
	return b.id, inner != ""
}

// conflict is where the marks of a merge conflict are: from <<<<<<< to >>>>>>> there are
// two versions of the same lines.
type conflict struct{ open bool }

const inConflict = "between the marks of a merge conflict: it is in doubt which of the two versions holds"

// mark reports whether a line is a mark, and notes which.
func (c *conflict) mark(text string) bool {
	switch {
	case strings.HasPrefix(text, "<<<<<<<"):
		c.open = true
	case strings.HasPrefix(text, ">>>>>>>"):
		c.open = false
	default:
		return strings.HasPrefix(text, "=======") || strings.HasPrefix(text, "|||||||")
	}
	return true
}

// swallowed reports whether botocore takes an indented header for a part of the value
// above: it is indented deeper than the last key, whatever is between.
func swallowed(header string, above *block) bool {
	lines := scan(above.raw)
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i].kind == keyLine {
			return len(header)-len(strings.TrimLeftFunc(header, unicode.IsSpace)) > len(indentation(above.raw, lines[i]))
		}
	}
	return false
}

// checkText refuses a text that is in UTF-16, as Windows PowerShell's > writes it: to
// every SDK it is noise.
func checkText(path string, data []byte) error {
	if !isUTF16(data) {
		return nil
	}
	return fob.Errorf(fob.ErrUsage, "%s is UTF-16 text, which no AWS SDK reads", path).
		WithHint("save it as UTF-8; on Unix: iconv -f UTF-16 -t UTF-8 %s", path)
}

// isUTF16 knows UTF-16 by its mark, or by every second byte being zero, as in English.
func isUTF16(data []byte) bool {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return true
	}
	data = data[:min(len(data), 64)&^1]
	zeros := [2]int{}
	for i, b := range data {
		if b == 0 {
			zeros[i%2]++
		}
	}
	return len(data) > 2 && (zeros == [2]int{0, len(data) / 2} || zeros == [2]int{len(data) / 2, 0})
}
