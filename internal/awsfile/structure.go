package awsfile

import (
	"slices"
	"strings"

	"fob/internal/fob"
)

// RemoveSection removes a section and its duplicates: from its header, with
// the comment right above it and the empty lines above that, to its last key.
// Comments that stand by themselves stay. It is no error if there is none.
func (f *File) RemoveSection(typ, name string) error { return f.RemoveSections(typ, name) }

// RemoveSections removes many sections as [File.RemoveSection] does each, the
// last first, and reads the file once.
func (f *File) RemoveSections(typ string, names ...string) error {
	var at []int
	for _, name := range names {
		at = append(at, f.index[id{typ, name}]...)
	}
	if len(at) == 0 {
		return nil
	}
	slices.Sort(at)
	at = slices.Compact(at)
	raw, gone := make([]string, len(f.blocks)), map[string]bool{}
	for i := range f.blocks {
		raw[i] = f.blocks[i].raw
	}
	follows, last := "", len(raw) // what is left behind block last-1, if that goes
	for _, i := range slices.Backward(at) {
		gone[evenName(f.blocks[i].inner)] = true
		switch {
		case i == len(raw)-1:
		case i != last-1:
			follows = raw[i+1]
		case raw[i+1] != "" && follows != "":
			follows = raw[i+1]
		}
		last = i
		raw[i] = raw[i][bodyEnd(raw[i]):]
		joins := follows != "" && (raw[i] == "" && lineText(follows, 0) != "" || raw[i] != "" && lineText(raw[i], 0) != "")
		raw[i-1] = cutLead(raw[i-1], i == 1, joins)
	}
	before, text := string(f.Bytes())[len(f.mark):], strings.Join(raw, "")
	if !slices.EqualFunc(others(before, gone), others(text, gone), sameBody) {
		return misread("section " + strings.Join(names[:min(len(names), 3)], ", "))
	}
	*f = *Parse(f.kind, []byte(f.mark+text))
	return nil
}

// sameBody compares but for the end of the last line.
func sameBody(a, b string) bool {
	return strings.TrimRight(a, "\r\n") == strings.TrimRight(b, "\r\n")
}

// cutLead takes off the lines above a header that belong to it. If what follows
// the section would join the comment above, which stands by itself, the empty
// lines stay.
func cutLead(above string, first, joins bool) string {
	at := leadStart(above, first)
	if joins && bodyEnd(above) < at {
		for at < len(above) && lineText(above, at) == "" {
			at = lineAfter(above, at)
		}
	}
	return above[:at]
}

// leadStart is where, in the lines above a header, those start that belong to
// it: the comment without an empty line in between, and the empty lines above.
// The comment that starts a file belongs to the file.
func leadStart(above string, first bool) int {
	var starts []int
	for pos := 0; pos < len(above); pos = lineAfter(above, pos) {
		starts = append(starts, pos)
	}
	at := len(starts)
	back := func(ok func(text string) bool) {
		for at > 0 && ok(lineText(above, starts[at-1])) {
			at--
		}
	}
	back(func(text string) bool { return text != "" && isFree(text) })
	if first && at == 0 {
		return len(above)
	}
	back(func(text string) bool { return text == "" })
	return append(starts, len(above))[at]
}

// lineText is the line at pos without the blanks around it.
func lineText(text string, pos int) string {
	return strings.TrimSpace(text[pos:lineAfter(text, pos)])
}

// Rename gives a section another name, in all its headers. What refers to it is
// left alone: this package does not know which keys do.
func (f *File) Rename(typ, old, name string) error {
	return f.RenameSections(typ, map[string]string{old: name})
}

// RenameSections renames many sections at once, from old names to new ones, and
// reads the file once: they may take names from each other.
func (f *File) RenameSections(typ string, names map[string]string) error {
	taken := make(map[string]bool, len(names))
	blocks, after := slices.Clone(f.blocks), 0
	for old, name := range names {
		from, to := id{typ, old}, id{typ, name}
		at := f.index[from]
		_, goes := names[name]
		switch {
		case len(at) == 0:
			return fob.Errorf(fob.ErrNotFound, "there is no section %q", old)
		case taken[name] || len(f.index[to]) > 0 && !goes:
			return fob.Errorf(fob.ErrConflict, "there is a section %q already", name)
		case from != to && len(f.read(from)) != len(at):
			return fob.Errorf(fob.ErrConflict, "[profile default] hides [default]").WithHint("remove one of the two sections by hand")
		}
		taken[name] = true
		if from == to {
			continue
		}
		if err := f.kind.checkSection(to); err != nil {
			return err
		}
		for _, i := range at {
			raw := blocks[i].raw
			open := strings.IndexByte(raw, '[')
			end := strings.LastIndexByte(raw[:headerEnd(raw)], ']')
			blocks[i].raw = raw[:open+1] + f.kind.header(to) + raw[end:]
		}
		after++
	}
	if after == 0 {
		return nil
	}
	now := Parse(f.kind, (&File{mark: f.mark, blocks: blocks}).Bytes())
	for old, name := range names {
		if len(now.index[id{typ, name}]) != len(f.index[id{typ, old}]) || len(now.blocks) != len(blocks) {
			return misread("section " + old)
		}
	}
	*f = *now
	return nil
}
