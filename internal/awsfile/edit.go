package awsfile

import (
	"slices"
	"strings"

	"fob/internal/fob"
)

// Set sets a key's value. An existing key is changed in place, with the line's indentation, spacing
// and comment preserved. A new key is appended to the section, a new section to the file. Nothing
// changes if the key has the value already. Names, keys and values that some SDK would not read
// back unchanged are refused ([fob.ErrUsage]).
func (f *File) Set(typ, name, key, value string) error {
	return f.set(ID{typ, name}, assignment{key: strings.ToLower(key), value: value})
}

// SetNested gives a key of a nested block, such as addressing_style below s3,
// a value.
func (f *File) SetNested(typ, name, key, sub, value string) error {
	if err := checkKey(sub); err != nil {
		return err
	}
	return f.set(ID{typ, name}, assignment{strings.ToLower(key), strings.ToLower(sub), value})
}

func (f *File) set(section ID, a assignment) error {
	if err := checkKey(a.key); err != nil {
		return err
	}
	if err := checkValue(a.key, a.value); err != nil {
		return err
	}
	at := f.read(section)
	if len(at) == 0 {
		if err := f.kind.checkSection(section); err != nil {
			return err
		}
		f.create(section)
		at = f.index[section]
	}
	b := at[len(at)-1]
	for _, other := range at {
		if lastLine(scan(other.raw), -1, a.key) >= 0 {
			b = other
		}
	}
	eol := f.eol()
	return f.rewrite(b, a.key, func(raw string) (string, []assignment, error) {
		lines := scan(raw)
		want := assignments(raw)
		k := lastLine(lines, -1, a.key)
		if k < 0 {
			return appendKey(raw, lines, a, eol), append(want, a.parents()...), nil
		}
		if a.sub != "" {
			return setNested(raw, lines, k, a, eol)
		}
		return setPlain(raw, lines, k, a)
	})
}

// parents returns what is read where an assignment is written: for a nested key also the key above
// it, which has no value.
func (a assignment) parents() []assignment {
	if a.sub == "" {
		return []assignment{a}
	}
	return []assignment{{key: a.key}, a}
}

// lastLine returns the last line with a key (or, with an owner, with a key nested below it); -1 if
// there is none.
func lastLine(lines []line, owner int, key string) int {
	for i := len(lines) - 1; i >= 0; i-- {
		l := lines[i]
		if l.key == key && (owner < 0 && l.kind == keyLine || owner >= 0 && l.kind == nestedLine && l.owner == owner) {
			return i
		}
	}
	return -1
}

// nth returns the index of a line among the assignments of its block.
func nth(lines []line, at int) int {
	n := 0
	for _, l := range lines[:at] {
		if l.kind == keyLine || l.kind == nestedLine {
			n++
		}
	}
	return n
}

func setPlain(raw string, lines []line, k int, a assignment) (string, []assignment, error) {
	want := assignments(raw)
	l := lines[k]
	if l.value == a.value {
		return raw, want, nil
	}
	end := k // the last line of a continued value
	for i := k + 1; i < len(lines); i++ {
		if lines[i].owner == k {
			if lines[i].kind != moreLine {
				return "", nil, fob.Errorf(fob.ErrConflict, "%s has lines nested below it and no value of its own", a.key)
			}
			end = i
		}
	}
	want[nth(lines, k)].value = a.value
	return raw[:l.from] + l.pad(raw) + a.value + raw[l.to:l.next] + raw[lines[end].next:], want, nil
}

func setNested(raw string, lines []line, k int, a assignment, eol string) (string, []assignment, error) {
	want := assignments(raw)
	if lines[k].value != "" {
		return "", nil, fob.Errorf(fob.ErrConflict, "%s has a value, and so no lines nested below it", a.key)
	}
	if j := lastLine(lines, k, a.sub); j >= 0 {
		l := lines[j]
		if l.value == a.value {
			return raw, want, nil
		}
		want[nth(lines, j)].value = a.value
		return raw[:l.from] + l.pad(raw) + a.value + raw[l.to:], want, nil
	}
	last, indent := lines[k], indentation(raw, lines[k])+"  "
	for _, l := range lines[k+1:] {
		if l.owner == k && l.kind == nestedLine {
			last, indent = l, indentation(raw, l)
		}
	}
	want = slices.Insert(want, nth(lines, slices.Index(lines, last))+1, a)
	return raw[:last.next] + indent + a.sub + " = " + a.value + eol + raw[last.next:], want, nil
}

// pad returns the blank to put after the "=" where there was no value.
func (l line) pad(raw string) string {
	if l.value == "" && l.from == l.to && raw[l.from-1] != ' ' {
		return " "
	}
	return ""
}

func indentation(raw string, l line) string {
	text := raw[l.start:l.end]
	return text[:len(text)-len(strings.TrimLeft(text, " \t"))]
}

// appendKey writes a new key after the last line of the section. It is not indented, even below
// indented keys: Go would read it as a nested key if the last of them has no value.
func appendKey(raw string, lines []line, a assignment, eol string) string {
	sign := " = "
	for _, l := range lines {
		if l.kind == keyLine && l.value != "" && raw[l.keyEnd:l.from] == "=" {
			sign = "="
		} else if l.kind == keyLine {
			sign = " = "
		}
	}
	text := a.key + sign + a.value + eol
	if a.sub != "" {
		text = a.key + " =" + eol + "  " + a.sub + " = " + a.value + eol
	}
	at := bodyEnd(raw)
	return raw[:at] + text + raw[at:]
}

// bodyEnd returns where a section's own lines end: after the last one that is neither blank nor a
// comment.
func bodyEnd(raw string) int {
	end := 0
	for pos := 0; pos < len(raw); {
		next := lineAfter(raw, pos)
		if !isFree(raw[pos:next]) {
			end = next
		}
		pos = next
	}
	return end
}

// isFree reports whether a line is blank or a comment.
func isFree(text string) bool {
	text = strings.TrimSpace(text)
	return text == "" || text[0] == '#' || text[0] == ';'
}

// create appends a section without keys, after an empty line.
func (f *File) create(section ID) {
	last, eol := f.blocks[len(f.blocks)-1], f.eol()
	end := missingEnd(last.raw, eol)
	raw := last.raw + end
	if text := strings.TrimSuffix(strings.TrimSuffix(raw, "\n"), "\r"); raw != "" && text != "" && !strings.HasSuffix(text, "\n") {
		raw += eol
	}
	b := f.kind.block(f.kind.header(section))
	b.raw = "[" + b.inner + "]"
	if end == "" {
		b.raw += eol
	}
	f.splice(last.pos, 1, last.with(raw), b)
}

// with returns a block with the same header and another text.
func (b *block) with(raw string) *block {
	return &block{raw: raw, inner: b.inner, id: b.id, known: b.known}
}

// trimEnd removes the line end that [missingEnd] added, or its replacement.
func trimEnd(text, end string) string {
	if end == "" || strings.HasSuffix(text, end) {
		return strings.TrimSuffix(text, end)
	}
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
}

// missingEnd returns the line end that a text's last line lacks. A lone carriage return there is
// part of the line and must stay so.
func missingEnd(text, eol string) string {
	switch {
	case text == "" || strings.HasSuffix(text, "\n"):
		return ""
	case strings.HasSuffix(text, "\r"):
		return "\r\n"
	}
	return eol
}

// rewrite edits one block and parses it again: the result must be what the edit returned. If the
// file's last line had no line end, it has none afterwards, so that an edit and its inverse restore
// the file exactly.
func (f *File) rewrite(b *block, what string, edit func(raw string) (string, []assignment, error)) error {
	end := missingEnd(b.raw, f.eol())
	old := b.raw + end
	text, want, err := edit(old)
	if err != nil {
		return err
	}
	if !slices.Equal(assignments(text), want) || !sameHeader(old, text) {
		return misread(what)
	}
	if text = trimEnd(text, end); text != b.raw {
		f.splice(b.pos, 1, b.with(text))
	}
	return nil
}

// sameHeader reports whether two texts of a block have the same header line
// and no other.
func sameHeader(a, b string) bool {
	isHeader := func(l line) bool { return l.kind == headerLine }
	la, lb := scan(a), scan(b)
	return a[:la[0].next] == b[:lb[0].next] && !slices.ContainsFunc(lb[1:], isHeader)
}

// Unset removes a key, all its duplicates, and keys nested below it, from every block of a section,
// including [default] beside [profile default]. A missing key or section is no error.
func (f *File) Unset(typ, name, key string) error {
	key = strings.ToLower(key)
	back := f.Checkpoint()
	for _, b := range slices.Clone(f.index[ID{typ, name}]) {
		err := f.rewrite(b, key, func(raw string) (string, []assignment, error) {
			lines, want, out := scan(raw), []assignment(nil), strings.Builder{}
			gone := make([]bool, len(lines))
			for i, l := range lines {
				gone[i] = l.owner >= 0 && lines[l.owner].key == key
			}
			for i, l := range lines {
				switch {
				case gone[i] || isFree(raw[l.start:l.next]) && inside(lines, gone, i):
				case l.kind == keyLine:
					want = append(want, assignment{key: l.key, value: l.value})
					out.WriteString(raw[l.start:l.next])
				case l.kind == nestedLine:
					want = append(want, assignment{lines[l.owner].key, l.key, l.value})
					fallthrough
				default:
					out.WriteString(raw[l.start:l.next])
				}
			}
			return out.String(), want, nil
		})
		if err != nil {
			back()
			return err
		}
	}
	return nil
}

// inside reports whether a comment or blank line is between two removed lines of one key.
func inside(lines []line, gone []bool, at int) bool {
	up, down := at, at
	for up > 0 && lines[up].owner < 0 && !gone[up] {
		up--
	}
	for down < len(lines)-1 && lines[down].owner < 0 && !gone[down] {
		down++
	}
	return gone[up] && gone[down] && lines[up].owner == lines[down].owner
}
