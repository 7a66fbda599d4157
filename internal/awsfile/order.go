package awsfile

import "slices"

// order is the order of a file's sections, including those that standing hunks have removed, and
// the comments and blank lines above each and below the last.
type order struct {
	names []string
	gaps  []string
	at    map[string]int
}

func orderOf(full *File, standing []Hunk) *order {
	away := NewStanding(standing)
	for _, h := range slices.Backward(standing) {
		if len(h.gone()) > 0 {
			_ = away.complete(full, h).between(full) // where it cannot be told, the section is left out
		}
	}
	all := &order{at: map[string]int{}}
	for i, b := range full.blocks[1:] {
		all.add(evenName(b.inner), full.gap(i))
	}
	all.gaps = append(all.gaps, full.gap(len(full.blocks)-1))
	return all
}

func (o *order) add(name, above string) {
	if _, twice := o.at[name]; !twice {
		o.at[name] = len(o.names)
	}
	o.names, o.gaps = append(o.names, name), append(o.gaps, above)
}

// index finds one of the sections of a text; the end is that of the file.
func (o *order) index(some []body, i int) int {
	if i < len(some) {
		if at, ok := o.at[some[i].name]; ok {
			return at
		}
	}
	return len(o.names)
}

// name is what a neighbour is called.
func (o *order) name(i int) string {
	if i < 0 || i == len(o.names) {
		return edge
	}
	return o.names[i]
}

// note takes up how a file is after an edit, at the blocks from lo to hi.
func (o *order) note(f *File, lo, hi int) {
	gap := func(i int) string {
		b := f.blocks[i]
		if i == len(f.blocks)-1 { // as if its last line ended
			raw := b.raw + f.missing("\n")
			b = &block{raw: raw, pos: i}
		}
		return b.raw[b.free():]
	}
	for i := max(lo, 1); i < hi; i++ {
		name, next := evenName(f.blocks[i].inner), edge
		if i+1 < len(f.blocks) {
			next = evenName(f.blocks[i+1].inner)
		}
		at, ok := o.at[name]
		if !ok && next == edge { // made at the end of the file
			at = len(o.names)
			last := len(o.gaps) - 1
			o.gaps = o.gaps[:last]
			o.add(name, gap(i-1))
			o.gaps = append(o.gaps, "")
			ok = true
		}
		if ok && o.name(at+1) == next {
			o.gaps[at+1] = gap(i)
		}
	}
}

// Standing is the set of a file's hunks that have not been undone.
type Standing struct{ removed map[string]Hunk }

// NewStanding takes the hunks in the order of the edits.
func NewStanding(hunks []Hunk) Standing {
	s := Standing{map[string]Hunk{}}
	s.add(hunks)
	return s
}

func (s Standing) add(hunks []Hunk) {
	for _, h := range hunks {
		for _, name := range h.gone() {
			s.removed[name] = h
		}
	}
}

// Revert undoes some of them, as [File.Revert] does. It also finds the place of a section if all
// neighbours named in its own hunk are removed.
func (s Standing) Revert(f *File, hunks []Hunk) error {
	whole := make([]Hunk, len(hunks))
	for i, h := range hunks {
		whole[i] = s.complete(f, h)
	}
	return f.Revert(whole)
}

// complete adds to a hunk the neighbours of its neighbours, up to the first on either
// side that is there. If there is one near on one side, the other may be far.
func (s Standing) complete(f *File, h Hunk) Hunk {
	above := func(h Hunk) []Neighbour { return h.Prev }
	below := func(h Hunk) []Neighbour { return h.Next }
	for _, limit := range []int{farNeighbours, len(f.blocks) + len(s.removed)} {
		var up, down bool
		h.Prev, up = s.further(f, h.Prev, above, limit)
		h.Next, down = s.further(f, h.Next, below, limit)
		if up || down {
			break
		}
	}
	return h
}

func (s Standing) further(f *File, near []Neighbour, side func(Hunk) []Neighbour, limit int) (all []Neighbour, found bool) {
	all = slices.Clip(near)
	for i := 0; i < len(all); i++ {
		if name := all[i].Section; name == edge || len(f.named(name)) > 0 {
			return all, true
		}
		if i == len(all)-1 && i < limit {
			all = append(all, side(s.removed[all[i].Section])...)
		}
	}
	return all, false
}
