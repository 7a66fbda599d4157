package awsfile

import (
	"slices"
	"strings"
)

// Recorder records edits of a file one after another. The cost of each depends on the change, not
// on the file: it looks only at the changed sections and their neighbours. The record of a file in
// which a section occurs twice can only be undone while the file stays unchanged.
type Recorder struct {
	file    *File
	earlier []Hunk   // until the order is made
	start   []*block // of the file when recording began
	order   *order   // made when it is needed
	away    Standing
}

// NewRecorder takes the hunks of earlier edits that have not been undone, in their order. With
// them, sections that were removed one by one return to their places in any order.
func NewRecorder(f *File, standing []Hunk) *Recorder {
	return &Recorder{file: f, earlier: standing, start: slices.Clone(f.blocks)}
}

// Record makes an edit and returns hunks with which [File.Revert] undoes it; changed is false if
// the edit changed nothing. If base is not nil, undoing leads to what base makes of the file before
// the edit.
func (r *Recorder) Record(base, edit func(f *File) error) (hunks []Hunk, changed bool, err error) {
	f, n := r.file, len(r.file.log)
	r.begin()
	was := moment{f.mark, f.lines, f.crlf}
	span := f.span(n, false)
	var blocks []*block // as base makes them
	if base != nil {
		back := f.Checkpoint()
		if err := base(f); err != nil {
			back()
			return nil, false, err
		}
		if len(f.log) > n {
			was, span, blocks = moment{f.mark, f.lines, f.crlf}, f.span(n, false), slices.Clone(f.blocks)
		}
		back()
	}
	mark := f.mark
	if err := edit(f); err != nil {
		return nil, false, err
	}
	if len(f.log) == n {
		return nil, false, nil
	}
	at := f.span(n, false).and(span).wider()
	before := f.rewound(n, at)
	if join(before) == join(at.of(f.blocks)) && f.mark == mark {
		return nil, false, nil
	}
	if blocks != nil {
		before = at.of(blocks)
	}
	hunks = r.hunks(was, before, at)
	r.away.add(hunks)
	r.order.note(f, at.lo, len(f.blocks)-at.tail)
	return hunks, true, nil
}

// begin puts the sections in order, before the first edit.
func (r *Recorder) begin() {
	if r.order != nil {
		return
	}
	full := &File{kind: r.file.kind, index: map[ID][]*block{}}
	for i, b := range r.start {
		r.start[i] = b.with(b.raw) // a block is in one file
	}
	full.splice(0, 0, r.start...)
	full.lengthen(full.missing("\n"))
	r.order, r.away = orderOf(full, r.earlier), NewStanding(r.earlier)
	r.start, r.earlier = nil, nil
}

// moment is the part of a file's state that is not in its sections.
type moment struct {
	mark        string
	lines, crlf int
}

func (r *Recorder) hunks(was moment, before []*block, at span) []Hunk {
	f := r.file
	old, new := join(before), join(at.of(f.blocks))
	var oldEnd, newEnd string
	if at.tail == 0 { // both reach the end of the file
		oldEnd, newEnd = was.missing(old, f.moment()), f.moment().missing(new, was)
		old, new = old+oldEnd, new+newEnd
	}
	if unique(outline(old)) && unique(outline(new)) {
		out := append(diff(old, new, r.order), ends(was.mark != "", f.mark != "", oldEnd, newEnd)...)
		if f.once(out) && r.proves(out, was.mark, join(before), at) {
			return out
		}
	}
	whole := slices.Concat(f.blocks[:at.lo], before, f.blocks[len(f.blocks)-at.tail:])
	return []Hunk{{Where: hunkFile, Old: Text(was.mark + join(whole)), New: Text(f.Bytes())}}
}

func (f *File) moment() moment { return moment{f.mark, f.lines, f.crlf} }

// missing is what would end the last line of a text.
func (m moment) missing(text string, like moment) string {
	if m.lines == 0 {
		m = like
	}
	return missingEnd(text, eolOf(m.lines, m.crlf))
}

// once reports whether no section that hunks change is there twice.
func (f *File) once(hunks []Hunk) bool {
	for _, h := range hunks {
		for _, name := range slices.Concat([]string{h.Section}, names(outline(string(h.Old))), names(outline(string(h.New)))) {
			if len(f.alike(name)) > 1 {
				return false
			}
		}
	}
	return true
}

// proves undoes hunks and repeats the edit; the record is good if that leads to the same file.
func (r *Recorder) proves(hunks []Hunk, mark, before string, at span) bool {
	f, n := r.file, len(r.file.log)
	last := f.blocks[len(f.blocks)-1].raw
	defer f.Checkpoint()()
	if err := r.away.Revert(f, hunks); err != nil {
		return false
	}
	// A last line without an end gets one meanwhile, wherever the edit was.
	elsewhere := at.tail > 0 && f.blocks[len(f.blocks)-1].raw != last
	return f.span(n, at.tail > 0).within(at) && !elsewhere && join(at.of(f.blocks)) == before && f.mark == mark
}

// span is a part of a file: from a block on, up to so many before the last.
type span struct{ lo, tail int }

// span is what the changes since the nth have touched, but for the last block if
// that does not count.
func (f *File) span(n int, butLast bool) span {
	all := len(f.blocks)
	s := span{all, all}
	size := all
	for _, e := range slices.Backward(f.log[n:]) {
		if !butLast || e.n != 1 || len(e.old) != 1 || e.at != size-1 {
			s.lo, s.tail = min(s.lo, e.at), min(s.tail, size-e.at-e.n)
		}
		size += len(e.old) - e.n
	}
	return s
}

func (s span) and(o span) span        { return span{min(s.lo, o.lo), min(s.tail, o.tail)} }
func (s span) wider() span            { return span{max(s.lo-1, 0), max(s.tail-1, 0)} }
func (s span) within(o span) bool     { return s.lo >= o.lo && s.tail >= o.tail }
func (s span) of(b []*block) []*block { return b[s.lo : len(b)-s.tail] }

// rewound is a part of the file as it was before the changes since the nth.
func (f *File) rewound(n int, s span) []*block {
	out := slices.Clone(s.of(f.blocks))
	for _, e := range slices.Backward(f.log[n:]) {
		if len(e.old)+e.n > 0 {
			out = slices.Replace(out, e.at-s.lo, e.at-s.lo+e.n, e.old...)
		}
	}
	return out
}

func join(blocks []*block) string {
	var out strings.Builder
	for _, b := range blocks {
		out.WriteString(b.raw)
	}
	return out.String()
}
