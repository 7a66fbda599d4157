package awsfile

import (
	"cmp"
	"slices"
	"strings"
)

// spliced is one change of a file's blocks, which can be undone.
type spliced struct {
	at, n int // the blocks that are there now
	old   []*block
	mark  string // as it was before
}

// splice replaces n blocks from a place on. Every change of a file is one.
func (f *File) splice(at, n int, blocks ...*block) {
	old := slices.Clone(f.blocks[at : at+n])
	f.log = append(f.log, spliced{at, len(blocks), old, f.mark})
	f.blocks = slices.Replace(f.blocks, at, at+n, blocks...)
	end := at + len(blocks)
	if n != len(blocks) {
		end = len(f.blocks) // all below have moved
	}
	for i := at; i < end; i++ {
		f.blocks[i].pos = i
	}
	for _, b := range old {
		f.ends(b, -1)
		drop(f.index, b.id, b)
		if f.same != nil {
			drop(f.same, evenID(b.inner), b)
		}
	}
	for i, b := range blocks {
		f.ends(b, 1)
		if b.known {
			insert(f.index, b.id, b)
		}
		if f.same != nil && at+i > 0 {
			insert(f.same, evenID(b.inner), b)
		}
	}
}

// ends counts the ends of line of a block, to know which are the usual ones.
func (f *File) ends(b *block, sign int) {
	f.lines += sign * strings.Count(b.raw, "\n")
	f.crlf += sign * strings.Count(b.raw, "\r\n")
}

// eol is the predominant end of line.
func (f *File) eol() string { return eolOf(f.lines, f.crlf) }

func eolOf(lines, crlf int) string {
	if 2*crlf > lines {
		return "\r\n"
	}
	return "\n"
}

// The lists of an index are in file order.
func insert(index map[ID][]*block, key ID, b *block) {
	list := index[key]
	at, _ := slices.BinarySearchFunc(list, b, func(a, b *block) int { return cmp.Compare(a.pos, b.pos) })
	index[key] = slices.Insert(slices.Clone(list), at, b) // the old list may be held by an edit
}

func drop(index map[ID][]*block, key ID, b *block) {
	if list := index[key]; len(list) == 1 && list[0] == b {
		delete(index, key)
	} else if i := slices.Index(list, b); i >= 0 {
		index[key] = slices.Delete(slices.Clone(list), i, i+1)
	}
}

// Checkpoint returns a function that undoes all edits made since.
func (f *File) Checkpoint() (back func()) {
	n := len(f.log)
	return func() {
		for len(f.log) > n {
			last := f.log[len(f.log)-1]
			f.log = f.log[:len(f.log)-1]
			f.splice(last.at, last.n, last.old...)
			f.log, f.mark = f.log[:len(f.log)-1], last.mark
		}
	}
}

// Commit makes the edits so far permanent: earlier checkpoints no longer undo them. It frees the
// memory of what they replaced.
func (f *File) Commit() { f.log = nil }

// become takes over the text of another file of the same kind.
func (f *File) become(other *File) {
	f.splice(0, len(f.blocks), other.blocks...)
	f.mark = other.mark
}

// evenID names a section in whatever writing.
func evenID(inner string) ID { return Config.block(evenName(inner)).id }

// alike returns the sections of that name, in whatever writing.
func (f *File) alike(name string) []*block {
	if f.same == nil {
		f.same = make(map[ID][]*block, len(f.blocks))
		for _, b := range f.blocks[1:] {
			insert(f.same, evenID(b.inner), b)
		}
	}
	return f.same[evenID(name)]
}

// named returns the sections whose header has these words.
func (f *File) named(name string) []*block {
	all := f.alike(name)
	if len(all) == 1 && evenName(all[0].inner) == name {
		return all // nearly always
	}
	return slices.DeleteFunc(slices.Clone(all), func(b *block) bool { return evenName(b.inner) != name })
}

// free returns where, in a block, the lines begin that may belong to the next section: blank lines
// and comments above the next header. In the first block all lines are.
func (b *block) free() int {
	if b.pos == 0 {
		return 0
	}
	return bodyEnd(b.raw)
}

// gap is what is above the section with this index.
func (f *File) gap(i int) string { return f.blocks[i].raw[f.blocks[i].free():] }

// pieces cuts the new text of a block, and of what was put behind it.
func (f *File) pieces(b *block, text string) []*block {
	out := f.kind.cut(text)
	if b.pos > 0 && out[0].raw == "" {
		return out[1:]
	}
	return out
}
