package awsfile

import "strings"

type lineKind uint8

const (
	blankLine   lineKind = iota
	commentLine          // only whole lines; a comment behind a value is part of its line
	headerLine
	keyLine    // key = value
	nestedLine // indented, below a key without a value
	moreLine   // indented, continues the value above
	strayLine  // anything else
)

// line is one line of a block. Offsets are into the block's text.
type line struct {
	kind  lineKind
	start int
	end   int // of the text
	next  int // start of the next line: [end:next] is the end of line

	key      string // lower case
	keyEnd   int
	value    string
	from, to int  // the value as it is written, quotes included
	colon    bool // `key : value`
	owner    int  // the key line that this line belongs to, itself for key lines; or -1
}

// assignment is one `key = value`, or one line of a key's nested block.
type assignment struct{ key, sub, value string }

// scan reads the lines of one block as the Go SDK's tokenizer and parser do.
func scan(raw string) []line {
	lines := make([]line, 0, strings.Count(raw, "\n")+1)
	owner := -1 // the key line above
	for pos := 0; pos < len(raw); {
		l := line{start: pos, next: lineAfter(raw, pos), owner: -1}
		l.end = pos + len(strings.TrimSuffix(raw[pos:l.next], "\n"))
		if strings.HasSuffix(raw[pos:l.next], "\r\n") {
			l.end--
		}
		l.classify(raw)
		switch l.kind {
		case headerLine:
			owner = -1
		case nestedLine:
			if owner < 0 || lines[owner].value != "" {
				l.promote(raw)
				owner = len(lines)
			}
			l.owner = owner
		case moreLine:
			l.owner = owner
			if owner < 0 || lines[owner].value == "" {
				l.kind = strayLine
			} else {
				lines[owner].value += "\n" + l.value
			}
		case keyLine:
			owner = len(lines)
			l.owner = owner
		}
		if l.key == "" && (l.kind == keyLine || l.kind == nestedLine) {
			if l.kind == keyLine {
				owner = -1
			}
			l.kind, l.owner = strayLine, owner
		}
		lines = append(lines, l)
		pos = l.next
	}
	return lines
}

// classify decides what a line is, as far as it can be told from the line alone.
func (l *line) classify(raw string) {
	text := raw[l.start:l.end]
	body := strings.TrimLeft(text, " \t")
	_, isHeader := header(text)
	switch {
	case strings.TrimSpace(text) == "":
		l.kind = blankLine
	case body[0] == '#' || body[0] == ';':
		l.kind = commentLine
	case isHeader:
		l.kind = headerLine
	case len(body) == len(text):
		l.kind = strayLine
		if l.split(raw, l.start, l.start+len(cutComment(text))) {
			l.kind = keyLine
		}
	default:
		// Go keeps a comment behind a nested or continued value as part of it.
		l.kind = moreLine
		l.value = body
		if l.split(raw, l.end-len(body), l.end) {
			l.kind = nestedLine
		}
	}
}

// split finds key and value in raw[lo:hi], at the first = or :.
func (l *line) split(raw string, lo, hi int) bool {
	at := strings.IndexAny(raw[lo:hi], "=:")
	if at < 0 {
		return false
	}
	key := strings.TrimSpace(raw[lo : lo+at])
	l.colon = raw[lo+at] == ':'
	l.key = strings.ToLower(key)
	l.keyEnd = lo + strings.Index(raw[lo:hi], key) + len(key)
	rest := raw[lo+at+1 : hi]
	written := strings.TrimSpace(rest)
	l.from = lo + at + 1
	if written != "" {
		l.from += strings.Index(rest, written)
	}
	l.to = l.from + len(written)
	l.value = unquote(written)
	return true
}

// promote makes a key line of an indented line that has no key without a value
// above it. Only now does Go cut the comment off, quotes having been seen to.
func (l *line) promote(raw string) {
	l.kind = keyLine
	l.value = strings.TrimSpace(cutComment(l.value))
	written := raw[l.from:l.to]
	l.to = l.from + len(strings.TrimSpace(cutComment(written)))
}

// assignments returns what a block says, in order, duplicates included.
func assignments(raw string) []assignment {
	lines := scan(raw)
	out := make([]assignment, 0, len(lines))
	for _, l := range lines {
		switch l.kind {
		case keyLine:
			out = append(out, assignment{key: l.key, value: l.value})
		case nestedLine:
			out = append(out, assignment{lines[l.owner].key, l.key, l.value})
		}
	}
	return out
}

// header returns the words between a header's brackets.
func header(text string) (inner string, ok bool) {
	if first := strings.TrimLeft(text, " \t"); first == "" || first[0] != '[' && first[0] < 0x80 && first[0] > ' ' {
		return "", false // nearly every line, at once
	}
	text = strings.TrimSpace(text[:headerEnd(text)])
	if len(text) < 2 || text[0] != '[' || text[len(text)-1] != ']' {
		return "", false
	}
	return strings.TrimSpace(text[1 : len(text)-1]), true
}

// headerEnd is where the comment behind a header starts: unlike a value, a
// header ends at a # or ; without a blank before it, and within the brackets.
func headerEnd(text string) int {
	for i := range len(text) {
		if c := text[i]; c == '#' || c == ';' || c == '\n' {
			return i
		}
	}
	return len(text)
}

// splitHeader divides a header's words into type and name at the first blanks.
func splitHeader(inner string) (typ, name string) {
	at := strings.IndexAny(inner, " \t")
	if at < 0 {
		return "", ""
	}
	return inner[:at], strings.TrimLeft(inner[at:], " \t")
}

// cutComment cuts a line at a # or ; that follows a blank.
func cutComment(text string) string {
	for i := 1; i < len(text); i++ {
		if (text[i] == '#' || text[i] == ';') && (text[i-1] == ' ' || text[i-1] == '\t') {
			return text[:i-1]
		}
	}
	return text
}

// unquote takes off a pair of quotes around all of a text.
func unquote(text string) string {
	if n := len(text); n >= 2 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		return text[1 : n-1]
	}
	return text
}
