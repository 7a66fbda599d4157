package awsfile

import (
	"slices"
	"strings"
)

// Kind is which of AWS's two files a text is; they differ in their headers.
type Kind int

const (
	// Config has [default], [profile NAME], [sso-session NAME], [services NAME].
	Config Kind = iota
	// Credentials has [NAME].
	Credentials
)

// The types of section that AWS's files know. A section of the config file
// with any other header has the type "" and its header's words as its name.
const (
	typeProfile  = "profile"
	typeServices = "services"
	// What people sign in to: sso-session is AWS's own, others are of its form.
	typeSessions = "-session"

	nameDefault = "default"
	byteMark    = "\ufeff"
)

// Section is what a section says, duplicates merged. Keys are in lower case.
// A key with an indented block is in Nested and not in Keys; a key without
// a value is in Keys with "".
type Section struct {
	Type   string // "profile", "services", "sso-session" or another of that form; "" for any other header
	Name   string
	Keys   map[string]string
	Order  []string // the keys, as they first appear
	Nested map[string]map[string]string
}

// File is the text of one file and where its sections are. An edit costs what it
// changes, whatever the size of the file: adoption makes tens of thousands.
type File struct {
	kind   Kind
	mark   string   // a byte order mark, or nothing
	blocks []*block // changed by [File.splice] alone
	index  map[ID][]*block
	same   map[ID][]*block // as hunks name sections; nil until one asks
	lines  int             // ends of line
	crlf   int             // those of them with a carriage return
	log    []spliced       // what was changed, for [File.Checkpoint]
}

// ID names a section as callers do.
type ID struct{ Type, Name string }

// block is a header's line and all lines up to the next header. The first
// block of a file has no header: it is what precedes all sections. The grammar
// has no state that crosses a header, so a block can be read by itself. A
// block's text never changes: an edit puts another in its place.
type block struct {
	raw   string
	inner string // the words between the brackets, trimmed
	id    ID
	known bool // the header names a section of this kind of file
	pos   int  // in the file that it is in
	line  int  // for warnings
}

// Parse reads a file. It never fails: what it does not understand is kept and
// warned of.
func Parse(kind Kind, data []byte) *File {
	text := string(data)
	f := &File{kind: kind, index: map[ID][]*block{}}
	if rest, ok := strings.CutPrefix(text, byteMark); ok {
		f.mark, text = byteMark, rest
	}
	f.splice(0, 0, kind.cut(text)...)
	f.log = nil
	return f
}

// cut divides a text at its headers; the first block is what precedes them.
func (k Kind) cut(text string) []*block {
	b, start := &block{}, 0
	var out []*block
	for pos := 0; pos < len(text); {
		next := lineAfter(text, pos)
		if inner, ok := header(text[pos:next]); ok {
			b.raw = text[start:pos]
			out = append(out, b)
			b, start = k.block(inner), pos
		}
		pos = next
	}
	b.raw = text[start:]
	return append(out, b)
}

// lineAfter is where the line after the one at pos starts.
func lineAfter(text string, pos int) int {
	if n := strings.IndexByte(text[pos:], '\n'); n >= 0 {
		return pos + n + 1
	}
	return len(text)
}

// block interprets the words of a header.
func (k Kind) block(inner string) *block {
	b := &block{inner: inner, known: inner != ""}
	typ, name := splitHeader(inner)
	typed := name != "" && (typ == typeProfile || typ == typeServices || strings.HasSuffix(typ, typeSessions))
	switch {
	case k == Credentials:
		// Nobody reads the config file's headers here: Go drops them, and
		// botocore and JavaScript look for the name without its prefix.
		b.id, b.known = ID{typeProfile, inner}, b.known && !typed
		if name != "" {
			b.id.Name = typ + " " + name
		}
	case typed:
		// botocore and JavaScript take quotes off a name, Go does not; the AWS
		// CLI writes them, so that a name without them is what people type.
		b.id = ID{typ, unquote(name)}
	case inner == nameDefault:
		b.id = ID{typeProfile, inner}
	default:
		b.id = ID{"", inner}
	}
	return b
}

// header is the inverse of [Kind.block] for the names that may be written.
func (k Kind) header(section ID) string {
	if k == Credentials || section.Type == "" || section == (ID{typeProfile, nameDefault}) {
		return section.Name
	}
	return section.Type + " " + section.Name
}

// Bytes returns the text. Unedited, it is what was parsed.
func (f *File) Bytes() []byte {
	n := len(f.mark)
	for i := range f.blocks {
		n += len(f.blocks[i].raw)
	}
	out := append(make([]byte, 0, n), f.mark...)
	for i := range f.blocks {
		out = append(out, f.blocks[i].raw...)
	}
	return out
}

// Sections returns all sections in the order of their first headers.
func (f *File) Sections() []Section {
	out := make([]Section, 0, len(f.index))
	for _, b := range f.blocks {
		if at := f.read(b.id); b.known && len(at) > 0 && at[0] == b {
			out = append(out, section(b.id, at))
		}
	}
	return out
}

// Section returns one section.
func (f *File) Section(typ, name string) (Section, bool) {
	at := f.read(ID{typ, name})
	if len(at) == 0 {
		return Section{}, false
	}
	return section(ID{typ, name}, at), true
}

// read returns the blocks that SDKs take a section from. [profile default]
// hides [default] altogether: Go and JavaScript do not merge those two.
func (f *File) read(section ID) []*block {
	at := f.index[section]
	if f.kind == Credentials || section != (ID{typeProfile, nameDefault}) || len(at) < 2 {
		return at
	}
	prefixed := slices.DeleteFunc(slices.Clone(at), func(b *block) bool { return b.inner == nameDefault })
	if len(prefixed) == 0 {
		return at
	}
	return prefixed
}

func section(section ID, at []*block) Section {
	s := Section{Type: section.Type, Name: section.Name, Keys: map[string]string{}, Nested: map[string]map[string]string{}}
	for _, b := range at {
		for _, a := range assignments(b.raw) {
			s.take(a)
		}
	}
	return s
}

// take applies one assignment: the last one of a key wins, as in Go and
// JavaScript, and starts its nested block anew, as in Go.
func (s *Section) take(a assignment) {
	if a.sub == "" {
		if _, plain := s.Keys[a.key]; !plain && s.Nested[a.key] == nil {
			s.Order = append(s.Order, a.key)
		}
		delete(s.Nested, a.key)
		s.Keys[a.key] = a.value
		return
	}
	delete(s.Keys, a.key)
	if s.Nested[a.key] == nil {
		s.Nested[a.key] = map[string]string{}
	}
	s.Nested[a.key][a.sub] = a.value
}

// count brings the blocks' line numbers up to date.
func (f *File) count() {
	line := 1
	for _, b := range f.blocks {
		b.line = line
		line += strings.Count(b.raw, "\n")
	}
}
