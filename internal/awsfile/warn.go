package awsfile

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Warning says where SDKs read a file differently or refuse it. It contains no text of the file: in
// a damaged file a secret may be where a key should be.
type Warning struct {
	Line    int
	Message string
	// Damage says that it is in doubt to which section lines belong, and Touches, whose
	// lines may be meant: see [File.Damage].
	Damage  bool
	Touches []ID
}

// Warnings returns them in the order of lines.
func (f *File) Warnings() []Warning {
	f.count()
	w := warner{file: f, headers: map[string]int{}}
	if f.mark != "" {
		w.warn(1, "a byte order mark: botocore refuses the file, and the Go SDK does not see the first line")
	}
	for i := range f.blocks {
		b := f.blocks[i]
		if i > 0 {
			w.header(b, f.blocks[i-1])
		}
		w.keys(b, i == 0)
	}
	slices.SortStableFunc(w.out, func(a, b Warning) int { return a.Line - b.Line })
	return w.out
}

type warner struct {
	file    *File
	headers map[string]int // line of each header, as it is written
	merge   conflict
	out     []Warning
}

func (w *warner) warn(line int, format string, args ...any) {
	w.out = append(w.out, Warning{Line: line, Message: fmt.Sprintf(format, args...)})
}

// header warns of a section's header.
func (w *warner) header(b, above *block) {
	f := w.file
	text := b.raw[:lineAfter(b.raw, 0)]
	written := strings.TrimSpace(text[:headerEnd(text)])
	comment := text[headerEnd(text):]
	at := f.read(b.id)
	switch first, again := w.headers[written]; {
	case again:
		w.damage(b.line, b.in(), "", fmt.Sprintf("the section of line %d again: botocore refuses the file, other SDKs merge the two", first))
	case f.kind == Config && b.id == (ID{typeProfile, nameDefault}) && len(f.index[b.id]) != len(at) && b.inner == nameDefault:
		w.warn(b.line, "[default] beside [profile default]: most SDKs do not read it")
	case b.known && at[0].line < b.line:
		w.damage(b.line, b.in(), "", fmt.Sprintf("the section of line %d, written differently: some SDKs do not merge the two", at[0].line))
	}
	if w.merge.open {
		w.damage(b.line, b.in(), "", inConflict)
	}
	if _, ok := w.headers[written]; !ok {
		w.headers[written] = b.line
	}
	switch {
	case b.inner == "DEFAULT":
		w.warn(b.line, "botocore takes the keys of [DEFAULT] for keys of every section")
	case b.inner == "":
		w.damage(b.line, above.in(), "", "a header without a name: botocore refuses the file")
	case !b.known:
		w.warn(b.line, "no SDK reads a section with this header in this file")
	case b.id.Type == "" && !isToolSection(b.id.Name):
		w.warn(b.line, "no profile: in this file, the header of a profile other than default is [profile NAME]")
	case f.kind.header(b.id) != b.inner && b.inner != "profile default":
		w.warn(b.line, "the Go SDK, and others, do not find a section whose name is in quotes or behind more than one blank")
	case !isName(b.id.Name):
		w.warn(b.line, "a name with characters other than letters, digits and _ . @ + %% : / -, which some SDKs do not find")
	case written != "["+b.inner+"]":
		w.warn(b.line, "blanks within the brackets: botocore and JavaScript do not find the section")
	}
	switch {
	case text[0] != '[' && swallowed(text, above):
		w.damage(b.line, append(b.in(), above.in()...), "", "an indented header, which botocore takes for a part of the value above")
	case text[0] != '[':
		w.warn(b.line, "an indented header, which botocore takes for a part of the value above")
	case strings.Contains(comment, "]"):
		w.warn(b.line, "botocore takes the comment, up to its ], for a part of the header")
	case comment != "" && (comment[0] == '#' || comment[0] == ';') && strings.HasSuffix(text[:headerEnd(text)], "]"):
		w.warn(b.line, "a comment right behind a header, without a blank: JavaScript does not see the header")
	}
}

// isToolSection knows the sections of the AWS CLI's and of fob's that are no
// profiles.
func isToolSection(name string) bool {
	return name == "plugins" || name == "preview" || name == "fob"
}

// keys warns of the lines of a section, or of those before all sections.
func (w *warner) keys(b *block, preamble bool) {
	lines := scan(b.raw)
	seen := map[path]int{}
	for i, l := range lines {
		at, text := b.line+i, b.raw[l.start:l.end]
		w.characters(at, b, l)
		if w.merge.mark(text) {
			w.damage(at, b.in(), "", "a mark of a merge conflict")
			continue
		}
		if preamble {
			switch {
			case l.kind == strayLine && strings.TrimLeft(text, " \t")[0] == '[':
				w.stray(at, b, l)
			case l.kind >= keyLine:
				w.damage(at, nil, text, "a line before the first section: botocore refuses the file, other SDKs do not read it")
			}
			continue
		}
		switch l.kind {
		case strayLine:
			w.stray(at, b, l)
		case moreLine:
			w.warn(at, "an indented line that continues the value above: JavaScript does not read it")
			// For botocore, only a line that is indented deeper continues the one above.
			if l.value[0] == '[' || len(indentation(b.raw, l)) <= len(indentation(b.raw, lines[l.owner])) {
				w.stray(at, b, l)
			}
		case keyLine, nestedLine:
			p := path{key: l.key}
			if l.kind == nestedLine {
				p = path{lines[l.owner].key, l.key}
			}
			if first, ok := seen[p]; ok && l.kind == keyLine {
				w.damage(at, b.in(), "", fmt.Sprintf("the key of line %d again: botocore refuses the file, other SDKs take the last", first))
			} else if ok {
				w.warn(at, "the key of line %d again: SDKs take the last", first)
			}
			seen[p] = at
			w.key(at, b, l)
			w.indent(at, lines[:i], l, b)
		}
	}
}

func (w *warner) characters(at int, b *block, l line) {
	text := b.raw[l.start:l.end]
	unseen := func(text string) bool {
		return strings.ContainsFunc(text, func(r rune) bool { return r != '\t' && isUnseen(r) })
	}
	_, behind, _ := strings.Cut(text, "\r")
	switch isKey := l.kind == keyLine || l.kind == nestedLine; {
	case !utf8.ValidString(text):
		w.warn(at, "not UTF-8: botocore refuses the file")
	case strings.TrimSpace(behind) != "":
		w.damage(at, b.in(), text, "a carriage return within the line, which is the end of a line for botocore")
	case strings.Contains(text, "\r"):
		w.warn(at, "a carriage return within the line, which is the end of a line for botocore")
	case l.kind == headerLine && unseen(text) || isKey && unseen(b.raw[l.start:l.keyEnd]):
		w.damage(at, b.in(), text, "a control character, or an invisible one, in a name")
	case unseen(text):
		w.warn(at, "a control character, or an invisible one")
	}
}

func (w *warner) stray(at int, b *block, l line) {
	message := "neither a header nor a key with a value: botocore refuses the file, other SDKs do not read the line"
	text := b.raw[l.start:l.end]
	switch {
	case strings.TrimLeft(text, " \t")[0] == '[':
		message = "only some SDKs take this for a header: close the bracket, and have no # or ; within it and nothing behind it"
	case l.kind == strayLine && l.owner >= 0:
		message = "a nested line without key and value: botocore refuses the file"
	}
	w.damage(at, b.in(), text, message)
}

// key warns of one key and its value.
func (w *warner) key(at int, b *block, l line) {
	raw := b.raw
	written := raw[l.from:l.to]
	text := strings.TrimLeft(raw[l.start:l.end], " \t")
	if strings.ContainsAny(l.key, "[]") || text[0] == '[' {
		w.damage(at, b.in(), text, "some SDKs take this for a header, others for a key: put the header on a line by itself, in brackets")
	}
	if !strings.HasPrefix(text, l.key) {
		w.warn(at, "a key with capital letters, which JavaScript does not find")
	}
	switch {
	case l.colon && l.kind == nestedLine && !strings.Contains(text, "="):
		w.damage(at, b.in(), "", "a nested line with a : instead of a =: botocore refuses the file")
	case l.colon:
		w.warn(at, "a : instead of a =, which JavaScript does not read")
	}
	switch {
	case written == `"` || written == "'":
		w.warn(at, "a lone quote crashes the Go SDK")
	case unquote(written) != written:
		w.warn(at, "quotes around a value: the Go SDK takes them off, others keep them")
	}
	switch {
	case l.kind == keyLine && strings.TrimSpace(raw[l.to:l.end]) != "":
		w.warn(at, "botocore takes the comment for a part of the value")
	case commentAt(written) >= 0 || l.from < l.to && (written[0] == '#' || written[0] == ';') && raw[l.from-1] == ' ':
		w.warn(at, "only JavaScript takes the comment for one")
	}
}

// indent warns of indentation that botocore reads differently: for botocore, a line continues the
// one above exactly if it is indented deeper.
func (w *warner) indent(at int, above []line, l line, b *block) {
	raw := b.raw
	own := len(indentation(raw, l))
	if l.kind == nestedLine {
		if own <= len(indentation(raw, above[l.owner])) {
			w.damage(at, b.in(), "", "not indented deeper than its key: botocore does not take it for nested")
		}
		return
	}
	for i := len(above) - 1; i >= 0; i-- {
		if above[i].kind == keyLine {
			if own > len(indentation(raw, above[i])) {
				w.warn(at, "indented deeper than the key above: botocore takes it for a part of that key's value")
			}
			return
		}
	}
}
