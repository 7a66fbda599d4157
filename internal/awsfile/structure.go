package awsfile

import (
	"slices"
	"strings"
)

// RemoveSection removes a section and its duplicates: from its header, with
// the comment right above it and the empty lines above that, to its last key.
// Comments that stand by themselves stay. It is no error if there is none.
func (f *File) RemoveSection(typ, name string) error {
	at := f.index[ID{typ, name}]
	if len(at) == 0 {
		return nil
	}
	raw := map[int]string{} // of the blocks that change
	text := func(i int) string {
		if changed, ok := raw[i]; ok {
			return changed
		}
		return f.blocks[i].raw
	}
	for _, b := range slices.Backward(at) {
		i := b.pos
		raw[i] = text(i)[bodyEnd(text(i)):]
		joins := i < len(f.blocks)-1 && (raw[i] == "" || lineText(raw[i], 0) != "")
		raw[i-1] = cutLead(text(i-1), i == 1, joins)
	}
	back := f.Checkpoint()
	for n := len(at); n > 0; { // what is left of neighbours goes to the block above them
		last := at[n-1].pos
		first := last
		for n--; n > 0 && at[n-1].pos == first-1; n-- {
			first--
		}
		above, joined := f.blocks[first-1], ""
		for i := first - 1; i <= last; i++ {
			joined += text(i)
		}
		if !f.stays(above, joined, last < len(f.blocks)-1) {
			back()
			return misread("section " + name)
		}
		f.splice(first-1, last-first+2, above.with(joined))
	}
	return nil
}

// stays reports whether a block is the same section with other free lines below it,
// and what follows it, if anything does, starts a line.
func (f *File) stays(b *block, text string, followed bool) bool {
	return len(f.pieces(b, text)) == 1 && !(followed && missingEnd(text, "\n") != "") &&
		(b.pos == 0 || sameBody(b.raw[:bodyEnd(b.raw)], text[:bodyEnd(text)]))
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
