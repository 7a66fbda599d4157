package awsfile

import (
	"slices"
	"strings"

	"fob/internal/fob"
)

// This is for edits of thousands of sections at once, which read the file once.

// places is where the sections of a type are among the blocks, by name, and the
// blocks' texts.
func (f *File) places(typ string) (at map[string][]int, raw []string) {
	at, raw = map[string][]int{}, make([]string, len(f.blocks))
	for i, b := range f.blocks {
		raw[i] = b.raw
		if b.known && b.id.typ == typ {
			at[b.id.name] = append(at[b.id.name], i)
		}
	}
	return at, raw
}

// RemoveSections removes many sections as [File.RemoveSection] does each, the
// last first.
func (f *File) RemoveSections(typ string, names ...string) error {
	places, raw := f.places(typ)
	var at []int
	for _, name := range names {
		at = append(at, places[name]...)
	}
	if len(at) == 0 {
		return nil
	}
	slices.Sort(at)
	at = slices.Compact(at)
	before, gone := strings.Join(raw, ""), map[string]bool{}
	follows, last := "", len(raw) // what stands below block last-1, once block last is gone
	for _, i := range slices.Backward(at) {
		gone[evenName(f.blocks[i].inner)] = true
		switch {
		case i == len(raw)-1: // nothing
		case i != last-1:
			follows = raw[i+1]
		case raw[i+1] != "" && follows != "":
			follows = raw[i+1] // what is left of it
		}
		last = i
		raw[i] = raw[i][bodyEnd(raw[i]):]
		next := raw[i]
		if next == "" {
			next = follows
		}
		raw[i-1] = cutLead(raw[i-1], i == 1, follows != "" && lineText(next, 0) != "")
	}
	text := strings.Join(raw, "")
	if !slices.EqualFunc(bodiesBut(before, gone), bodiesBut(text, gone), sameBody) {
		return misread("section " + strings.Join(names[:min(len(names), 3)], ", "))
	}
	*f = *Parse(f.kind, []byte(f.mark+text))
	return nil
}

// bodiesBut returns the bodies of a text that are not named.
func bodiesBut(text string, named map[string]bool) []string {
	var out []string
	for _, b := range outline(text) {
		if !named[b.name] {
			out = append(out, text[b.start:b.end])
		}
	}
	return out
}

// RenameSections renames many sections as [File.Rename] does each, from old names
// to new ones. They may take names from each other.
func (f *File) RenameSections(typ string, names map[string]string) error {
	places, raw := f.places(typ)
	taken := make(map[string]bool, len(names))
	for old, name := range names {
		from, to := id{typ, old}, id{typ, name}
		_, goes := names[name]
		switch at := places[old]; {
		case len(at) == 0:
			return fob.Errorf(fob.ErrNotFound, "there is no section %q", old)
		case taken[name] || len(places[name]) > 0 && !goes:
			return fob.Errorf(fob.ErrConflict, "there is a section %q already", name)
		case len(f.read(from)) != len(at):
			return fob.Errorf(fob.ErrConflict, "[profile default] hides [default]").WithHint("remove one of the two sections by hand")
		}
		taken[name] = true
		if err := f.kind.checkSection(to); err != nil {
			return err
		}
		for _, i := range places[old] {
			text := raw[i]
			open := strings.IndexByte(text, '[')
			end := strings.LastIndexByte(text[:headerEnd(text)], ']')
			raw[i] = text[:open+1] + f.kind.header(to) + text[end:]
		}
	}
	after := Parse(f.kind, []byte(f.mark+strings.Join(raw, "")))
	now, blocks := after.places(typ)
	for old, name := range names {
		if len(now[name]) != len(places[old]) || len(blocks) != len(raw) {
			return misread("section " + old)
		}
	}
	*f = *after
	return nil
}
