package awsfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"fob/internal/fob"
)

// contextLines is how many unchanged lines a diff shows around changed ones.
const contextLines = 3

// printed is one line of a diff: ' ', '-' or '+', and what may be shown of it.
type printed struct {
	sign byte
	text string
}

// Unified shows the difference of two texts for people to read. The values of
// keys for which redact says so, also in comments, and lines that make no
// sense, are not shown. Control characters are escaped. It is empty if nothing
// differs.
func Unified(path string, before, after []byte, redact func(key string) bool) string {
	if redact == nil {
		redact = func(string) bool { return false }
	}
	old, new := strings.TrimPrefix(string(before), byteMark), strings.TrimPrefix(string(after), byteMark)
	shownOld, shownNew := shown(old, redact), shown(new, redact)
	var all []printed
	i, j := 0, 0 // lines of old and new that have been printed
	print := func(sign byte, lines []string) {
		for _, text := range lines {
			all = append(all, printed{sign, text})
		}
	}
	for _, s := range segments(old, new) {
		a, b := splitLines(s.old), splitLines(s.new)
		pos := 0
		for _, c := range append(compare(a, b), change{lo: len(a), hi: len(a)}) {
			same := c.lo - pos
			print(' ', shownOld[i:i+same])
			i, j = i+same, j+same
			print('-', shownOld[i:i+c.hi-c.lo])
			print('+', shownNew[j:j+len(c.lines)])
			i, j, pos = i+c.hi-c.lo, j+len(c.lines), c.hi
		}
	}
	return format(path, all)
}

// format groups the lines around changes under their headers.
func format(path string, all []printed) string {
	var out strings.Builder
	i, j := 1, 1
	for lo := 0; lo < len(all); {
		first := slices.IndexFunc(all[lo:], func(p printed) bool { return p.sign != ' ' })
		if first < 0 {
			break
		}
		start := max(lo, lo+first-contextLines)
		i, j = i+start-lo, j+start-lo
		end := lo + first
		for same := 0; end < len(all) && same <= 2*contextLines; end++ {
			same++
			if all[end].sign != ' ' {
				same = 0
			}
		}
		for end > start && all[end-1].sign == ' ' {
			end--
		}
		end = min(end+contextLines, len(all))
		var text strings.Builder
		n, m := 0, 0
		for _, p := range all[start:end] {
			n += boolInt(p.sign != '+')
			m += boolInt(p.sign != '-')
			text.WriteByte(p.sign)
			text.WriteString(p.text)
		}
		if out.Len() == 0 {
			fmt.Fprintf(&out, "--- %s\n+++ %s\n", path, path)
		}
		fmt.Fprintf(&out, "@@ -%d,%d +%d,%d @@\n%s", i-boolInt(n == 0), n, j-boolInt(m == 0), m, text.String())
		i, j, lo = i+n, j+m, end
	}
	return out.String()
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// shown returns what may be seen of each line.
func shown(text string, redact func(string) bool) []string {
	var out []string
	f := Parse(Config, []byte(text))
	for _, b := range f.blocks {
		hide := false // the value above is secret and may go on
		for _, l := range scan(b.raw) {
			raw := b.raw[l.start:l.end]
			indented := raw != strings.TrimLeft(raw, " \t")
			if l.kind == headerLine || l.kind == keyLine && !indented {
				hide = false
			}
			hide = hide || l.kind == keyLine && redact(l.key)
			end := "\n"
			if l.end == l.next {
				end = "\n\\ No newline at end of file\n"
			}
			out = append(out, visible(l.redacted(raw, hide, redact))+end)
		}
	}
	return out
}

// redacted is a line without what must not be seen of it.
func (l line) redacted(raw string, hide bool, redact func(string) bool) string {
	switch {
	case l.kind == blankLine || l.kind == headerLine:
		return raw
	case l.kind == commentLine:
		return redactComment(raw, redact)
	case redact(l.key):
		return raw[:l.from-l.start] + fob.Redacted
	case hide || l.kind == strayLine || l.kind == moreLine || !plainKey(l.key):
		// A part of a secret that was broken over lines, perhaps.
		return fob.Redacted
	}
	return raw
}

// plainKey reports whether a key is one, and not a secret access key, which has
// forty characters, or a part of a token before its = signs.
func plainKey(key string) bool {
	return len(key) < 40 && strings.IndexFunc(key, func(r rune) bool { return !isWord(r) && r != '.' }) < 0
}

// redactComment hides what follows the name of a secret key.
func redactComment(text string, redact func(string) bool) string {
	start := -1
	for i, r := range text + "\n" {
		if isWord(r) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 && redact(strings.ToLower(text[start:i])) {
			return text[:i] + " " + fob.Redacted
		}
		start = -1
	}
	return text
}

// visible escapes what a terminal would act upon.
func visible(text string) string {
	var out strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) || r == '\t' {
			out.WriteRune(r)
		} else {
			out.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return out.String()
}
