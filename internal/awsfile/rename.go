package awsfile

import (
	"slices"
	"strings"

	"fob/internal/fob"
)

// Rename gives a section another name, in all its headers. What refers to it is
// left alone: this package does not know which keys do.
func (f *File) Rename(typ, old, name string) error {
	if old == name && len(f.index[ID{typ, old}]) > 0 {
		return nil
	}
	return f.RenameSections(typ, map[string]string{old: name})
}

// RenameSections renames many sections, from old names to new ones, and reads the
// file once for that. They may take names from each other.
func (f *File) RenameSections(typ string, names map[string]string) error {
	after := &File{mark: f.mark, blocks: slices.Clone(f.blocks)}
	taken := make(map[string]bool, len(names))
	for old, name := range names {
		from, to := ID{typ, old}, ID{typ, name}
		_, goes := names[name]
		switch at := f.index[from]; {
		case len(at) == 0:
			return fob.Errorf(fob.ErrNotFound, "there is no section %q", old)
		case taken[name] || len(f.index[to]) > 0 && !goes:
			return fob.Errorf(fob.ErrConflict, "there is a section %q already", name)
		case len(f.read(from)) != len(at):
			return fob.Errorf(fob.ErrConflict, "[profile default] hides [default]").WithHint("remove one of the two sections by hand")
		}
		taken[name] = true
		if err := f.kind.checkSection(to); err != nil {
			return err
		}
		for _, b := range f.index[from] {
			open := strings.IndexByte(b.raw, '[')
			end := strings.LastIndexByte(b.raw[:headerEnd(b.raw)], ']')
			after.blocks[b.pos] = b.with(b.raw[:open+1] + f.kind.header(to) + b.raw[end:])
		}
	}
	after = Parse(f.kind, after.Bytes())
	for old, name := range names {
		if len(after.index[ID{typ, name}]) != len(f.index[ID{typ, old}]) || len(after.blocks) != len(f.blocks) {
			return misread("section " + old)
		}
	}
	f.become(after)
	return nil
}
