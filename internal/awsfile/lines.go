package awsfile

import (
	"slices"
	"strings"
)

// body is a section within a text: from its header to its last line that is
// neither blank nor a comment. Between bodies there are only free lines.
type body struct {
	name       string // the words of its header, blanks made even
	start, end int
}

// outline finds the bodies of a text.
func outline(text string) []body {
	var out []body
	for pos := 0; pos < len(text); {
		next := lineAfter(text, pos)
		if inner, ok := header(text[pos:next]); ok {
			out = append(out, body{evenName(inner), pos, next})
		} else if len(out) > 0 && !isFree(text[pos:next]) {
			out[len(out)-1].end = next
		}
		pos = next
	}
	return out
}

// evenName is how bodies are named. It is valid UTF-8, to go to JSON and back.
func evenName(inner string) string {
	return strings.ToValidUTF8(strings.Join(strings.Fields(inner), " "), "\ufffd")
}

// segment is a piece of two texts that correspond: a section that is in both,
// or whatever is between two such.
type segment struct {
	section  bool
	old, new string
	oldBody  int // index of the section; or of the one that ends the piece
	newBody  int
}

// segments aligns two texts by their sections. Sections that have moved count
// as removed and made anew.
func segments(old, new string) []segment {
	a, b := outline(old), outline(new)
	at := map[string][]int{}
	for i, s := range a {
		at[s.name] = append(at[s.name], i)
	}
	var out []segment
	i, oldEnd, newEnd := 0, 0, 0
	for j, s := range b {
		for len(at[s.name]) > 0 && at[s.name][0] < i {
			at[s.name] = at[s.name][1:]
		}
		if len(at[s.name]) == 0 {
			continue
		}
		i = at[s.name][0]
		out = append(out,
			segment{false, old[oldEnd:a[i].start], new[newEnd:s.start], i, j},
			segment{true, old[a[i].start:a[i].end], new[s.start:s.end], i, j})
		oldEnd, newEnd = a[i].end, s.end
		i++
	}
	return append(out, segment{false, old[oldEnd:], new[newEnd:], len(a), len(b)})
}

// change replaces the lines [lo, hi) of a text.
type change struct {
	lo, hi int
	lines  []string
}

// maxTable bounds the memory of a comparison: beyond it, everything between the
// first and the last difference counts as replaced.
const maxTable = 1 << 22

// compare finds the changes that lead from a to b, by a longest common
// subsequence of lines.
func compare(a, b []string) []change {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	n, m := len(a), len(b)
	for n > head && m > head && a[n-1] == b[m-1] {
		n, m = n-1, m-1
	}
	x, y := a[head:n], b[head:m]
	if len(x) == 0 && len(y) == 0 {
		return nil
	}
	if len(x) == 0 || len(y) == 0 || len(x)*len(y) > maxTable {
		return []change{{head, n, y}}
	}
	width := len(y) + 1
	table := make([]int32, (len(x)+1)*width)
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				table[i*width+j] = table[(i+1)*width+j+1] + 1
			} else {
				table[i*width+j] = max(table[(i+1)*width+j], table[i*width+j+1])
			}
		}
	}
	var out []change
	i, j := 0, 0
	same := func() bool { return i < len(x) && j < len(y) && x[i] == y[j] }
	for i < len(x) || j < len(y) {
		for same() {
			i, j = i+1, j+1
		}
		lo, first := i, j
		for !same() && (i < len(x) || j < len(y)) {
			if j == len(y) || i < len(x) && table[(i+1)*width+j] >= table[i*width+j+1] {
				i++
			} else {
				j++
			}
		}
		if lo < i || first < j {
			out = append(out, change{head + lo, head + i, y[first:j]})
		}
	}
	return out
}

// merge applies to base what leads to ours and what leads to theirs. It fails
// if both have changed the same lines, unless to the same.
func merge(base, ours, theirs []string) ([]string, bool) {
	a, b := compare(base, ours), compare(base, theirs)
	var out []string
	pos := 0
	take := func(c change) {
		out = append(append(out, base[pos:c.lo]...), c.lines...)
		pos = c.hi
	}
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0:
			take(a[0])
			a = a[1:]
		case len(a) == 0:
			take(b[0])
			b = b[1:]
		case a[0].lo == b[0].lo && a[0].hi == b[0].hi && slices.Equal(a[0].lines, b[0].lines):
			take(a[0])
			a, b = a[1:], b[1:]
		case a[0].lo < b[0].hi && b[0].lo < a[0].hi:
			return nil, false
		case a[0].lo < b[0].lo || a[0].lo == b[0].lo && a[0].hi <= b[0].hi:
			take(a[0])
			a = a[1:]
		default:
			take(b[0])
			b = b[1:]
		}
	}
	return append(out, base[pos:]...), true
}

// splitLines cuts a text behind its line ends.
func splitLines(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if last := len(lines) - 1; lines[last] == "" {
		return lines[:last]
	}
	return lines
}
