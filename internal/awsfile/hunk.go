package awsfile

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"fob/internal/fob"
)

// Text is a piece of a file. It cannot be printed, because it may contain secrets, but it can be
// marshalled: the caller must encrypt what it stores.
type Text string

// Format implements [fmt.Formatter] for every verb.
func (t Text) Format(w fmt.State, _ rune) { _, _ = fmt.Fprintf(w, "[%d bytes]", len(t)) }

// MarshalText writes base64, for a file need not be UTF-8.
func (t Text) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, []byte(t)), nil
}

// UnmarshalText reads what [Text.MarshalText] has written.
func (t *Text) UnmarshalText(data []byte) error {
	raw, err := base64.StdEncoding.DecodeString(string(data))
	*t = Text(raw)
	return err
}

// Where a hunk is.
const (
	hunkSection = "section" // in the lines of one section that stays
	hunkBetween = "between" // sections, or free lines, that come or go
	hunkEnd     = "end"     // what is missing at the end of the last line
	hunkMark    = "mark"    // the byte order mark
	hunkFile    = "file"    // all of it: only for files with duplicate sections
)

// Hunk is one change to a file, recorded so that it can be undone after other changes. Sections are
// named by the words of their headers.
type Hunk struct {
	Where   string `json:"where"`
	Section string `json:"section,omitempty"`
	Old     Text   `json:"old,omitempty"`
	New     Text   `json:"new,omitempty"`

	// For a change between sections: the blank lines and comments around it, and the nearest
	// sections above and below. Several are recorded, because some may be missing when the hunk is
	// undone.
	Above Text        `json:"above,omitempty"`
	Below Text        `json:"below,omitempty"`
	Prev  []Neighbour `json:"prev,omitempty"`
	Next  []Neighbour `json:"next,omitempty"`
}

// Neighbour is a section above or below a hunk, with the blank lines and comments on this side of
// it. Sections that were removed at the time of recording are included.
type Neighbour struct {
	Section string `json:"section"`
	Free    Text   `json:"free,omitempty"`
}

// edge stands for the start or the end of the file: a section's name cannot contain a line feed.
const edge = "\n"

// maxNeighbours bounds the size of a hunk: [Standing] knows those that are further
// away from the hunks of the neighbours. It looks for so many, and for more only if
// none of them is there.
const (
	maxNeighbours = 4
	farNeighbours = 64
)

// ends returns hunks for the byte order mark and for the missing line end at a text's end.
func ends(oldMark, newMark bool, oldEnd, newEnd string) (out []Hunk) {
	if oldMark != newMark {
		out = append(out, Hunk{Where: hunkMark, Old: flag(oldMark), New: flag(newMark)})
	}
	if oldEnd != newEnd {
		out = append(out, Hunk{Where: hunkEnd, Old: Text(oldEnd), New: Text(newEnd)})
	}
	return out
}

// unique reports whether no section is there twice, in whatever writing.
func unique(bodies []body) bool {
	seen := map[ID]bool{}
	for _, b := range bodies {
		seen[Config.block(b.name).id] = true
	}
	return len(seen) == len(bodies)
}

// diff records what leads from one text to another; all is the order of the sections
// of which they are texts, or parts of the text.
func diff(old, new string, all *order) []Hunk {
	olds, news := outline(old), outline(new)
	var out []Hunk
	for _, s := range segments(old, new) {
		switch {
		case s.old == s.new:
		case s.section:
			out = append(out, Hunk{Where: hunkSection, Section: news[s.newBody].name, Old: Text(s.old), New: Text(s.new)})
		default:
			h := between(s.old, s.new)
			h.around(all, olds, s.oldBody)
			out = append(out, h)
		}
	}
	return out
}

// around records what is around a hunk that ends above the section olds[right],
// in the file with all its sections.
func (h *Hunk) around(all *order, olds []body, right int) {
	lo := all.index(olds, right)
	hi := lo // the hunk's own sections
	if gone := len(outline(string(h.Old))); gone > 0 {
		lo, hi = all.index(olds, right-gone), all.index(olds, right-1)+1
	}
	for i := lo; i >= 0 && len(h.Prev) < maxNeighbours; i-- {
		h.Prev = append(h.Prev, Neighbour{all.name(i - 1), Text(all.gaps[i])})
	}
	for i := hi; i < len(all.gaps) && len(h.Next) < maxNeighbours; i++ {
		h.Next = append(h.Next, Neighbour{all.name(i), Text(all.gaps[i])})
	}
}

func flag(set bool) Text {
	if set {
		return "yes"
	}
	return ""
}

// between narrows a change down to its lines. Free lines that are the same
// behind it are taken off first, because they belong to what they precede.
func between(old, new string) Hunk {
	a, b := splitLines(old), splitLines(new)
	n, m := len(a), len(b)
	for n > 0 && m > 0 && a[n-1] == b[m-1] && isFree(a[n-1]) {
		n, m = n-1, m-1
	}
	head := 0
	for head < n && head < m && a[head] == b[head] && isFree(a[head]) {
		head++
	}
	text := func(lines []string) Text { return Text(strings.Join(lines, "")) }
	return Hunk{
		Where: hunkBetween,
		Old:   text(a[head:n]), New: text(b[head:m]),
		Above: text(a[:head]), Below: text(a[n:]),
	}
}

// gone returns the sections that a hunk has removed.
func (h Hunk) gone() []string {
	if h.Where != hunkBetween {
		return nil
	}
	var out []string
	stay := names(outline(string(h.New)))
	for _, name := range names(outline(string(h.Old))) {
		if !slices.Contains(stay, name) {
			out = append(out, name)
		}
	}
	return out
}

// again reports whether a section that the hunk has removed exists again.
func (h Hunk) again(f *File) bool {
	stay := names(outline(string(h.New)))
	return slices.ContainsFunc(h.gone(), func(name string) bool {
		return slices.ContainsFunc(f.alike(name), func(b *block) bool { return !slices.Contains(stay, evenName(b.inner)) })
	})
}

func names(bodies []body) []string {
	out := make([]string, len(bodies))
	for i, b := range bodies {
		out[i] = b.name
	}
	return out
}

// spot is a gap in an order of sections.
type spot struct {
	at           int    // the gap above the section with this index
	prev, next   bool   // the section above, below it is the recorded neighbour
	upper, lower string // the free lines recorded up to those that were found
}

// find looks for the gap of a hunk in an order of sections: between the nearest
// neighbours that are there, next to that one of them which was next to it.
func (h Hunk) find(f *File) spot {
	index := func(name string) (int, bool) {
		if all := f.named(name); len(all) > 0 {
			return all[len(all)-1].pos - 1, true
		}
		return 0, false
	}
	var s spot
	p, n := -1, len(f.blocks)-1
	for i, b := range h.Prev {
		s.upper = string(b.Free) + s.upper
		if at, ok := index(b.Section); ok || b.Section == edge {
			if b.Section != edge {
				p = at
			}
			s.prev = i == 0
			break
		}
	}
	for i, b := range h.Next {
		s.lower += string(b.Free)
		if at, ok := index(b.Section); ok || b.Section == edge {
			if b.Section != edge {
				n = at
			}
			s.next = i == 0
			break
		}
	}
	s.at = p + 1
	switch {
	case s.at == n:
	case s.prev || !s.next && p >= 0 || p >= n: // others stand between, or the order is another
		s.next = false
	default:
		s.at, s.prev = n, false
	}
	return s
}

// conflict is the error for a hunk that cannot be undone.
func (h Hunk) conflict(why string) error {
	what := "the lines between its sections"
	if all := append(names(outline(string(h.Old))), names(outline(string(h.New)))...); h.Section != "" || len(all) > 0 {
		what = fmt.Sprintf("[%s]", append(all, h.Section)[0])
	}
	return fob.Errorf(fob.ErrConflict, "the edit of %s cannot be taken back: %s", what, why).
		WithHint("change that section by hand, then try again")
}
