package awsfile

import (
	"slices"
	"strings"
)

// Revert takes back what a [Recorder] has recorded, byte for byte where the file is
// as it was left there, and around what has been edited since. If the same
// lines or keys have changed on both sides, or a section that would return is
// there again, it changes nothing and returns [fob.ErrConflict].
func (f *File) Revert(hunks []Hunk) error {
	back := f.Checkpoint()
	err := f.revert(hunks)
	if err != nil {
		back()
	}
	return err
}

func (f *File) revert(hunks []Hunk) error {
	if len(hunks) == 1 && hunks[0].Where == hunkFile {
		if string(f.Bytes()) != string(hunks[0].New) {
			return hunks[0].conflict("the file has been edited since, and has a section twice")
		}
		f.become(Parse(f.kind, []byte(hunks[0].Old)))
		return nil
	}
	like := eolOf(linesIn(hunks))
	missing := f.missing(like)
	f.lengthen(missing)
	touched := map[string]bool{}
	var end Hunk
	for _, h := range slices.Backward(hunks) {
		var err error
		switch h.Where {
		case hunkSection:
			err = h.section(f)
		case hunkBetween:
			err = h.between(f)
		case hunkEnd:
			end = h
		case hunkMark:
			if flag(f.mark != "") == h.New {
				f.setMark(h.Old != "")
			}
		default:
			err = h.conflict("it was recorded by a newer version")
		}
		if err != nil {
			return err
		}
		touched[h.Section] = true
		for _, text := range []Text{h.Old, h.New} {
			for _, name := range names(outline(string(text))) {
				touched[name] = true
			}
		}
	}
	// The end of the file is to be as it was only if the same section is there.
	last := f.blocks[len(f.blocks)-1]
	if end.Where != "" && missing == string(end.New) && (last.pos == 0 || touched[evenName(last.inner)]) {
		missing = string(end.Old)
	}
	if text := trimEnd(last.raw, missing); text != last.raw {
		f.splice(last.pos, 1, last.with(text))
	}
	return nil
}

// linesIn counts the ends of line in what hunks have taken away.
func linesIn(hunks []Hunk) (lines, crlf int) {
	for _, h := range hunks {
		lines += strings.Count(string(h.Old), "\n")
		crlf += strings.Count(string(h.Old), "\r\n")
	}
	return lines, crlf
}

// missing is what would end the last line; like is how, if there is no other line.
func (f *File) missing(like string) string {
	if f.lines > 0 {
		like = f.eol()
	}
	return missingEnd(f.blocks[len(f.blocks)-1].raw, like)
}

// lengthen ends the last line.
func (f *File) lengthen(end string) {
	if last := f.blocks[len(f.blocks)-1]; end != "" {
		f.splice(last.pos, 1, last.with(last.raw+end))
	}
}

func (f *File) setMark(set bool) {
	f.splice(0, 0) // remembers the one before
	f.mark = ""
	if set {
		f.mark = byteMark
	}
}

// replace puts the new text of a block, and of n blocks below it, in their place.
// Besides that block, only named sections may be in it.
func (h Hunk) replace(f *File, b *block, n int, text string, named []body) error {
	pieces := f.pieces(b, text)
	fits := len(pieces) == 1+len(named) && f.stays(b, pieces[0].raw, true) &&
		(text == "" || strings.HasSuffix(text, "\n") || b.pos+n == len(f.blocks)-1)
	for i := 0; fits && i < len(named); i++ {
		fits = evenName(pieces[1+i].inner) == named[i].name
	}
	if !fits {
		return h.conflict("that would change other sections")
	}
	f.splice(b.pos, 1+n, pieces...)
	return nil
}

// section takes back a change to the lines of a section.
func (h Hunk) section(f *File) error {
	all := f.named(h.Section)
	if len(all) == 0 {
		return h.conflict("the section is not there any more")
	}
	return h.merge(f, all[0], string(h.New), string(h.Old), "its keys have been edited since")
}

// merge takes a section's lines from base to ours.
func (h Hunk) merge(f *File, b *block, base, ours, why string) error {
	at := b.free()
	merged, ok := mergeBody(base, ours, b.raw[:at])
	if !ok {
		return h.conflict(why)
	}
	pieces := f.pieces(b, merged+b.raw[at:])
	if len(pieces) != 1 {
		return h.conflict("that would change other sections")
	}
	if merged != b.raw[:at] {
		f.splice(b.pos, 1, pieces...)
	}
	return nil
}

// mergeBody takes a section from base to ours in spite of what others have made
// of it. Lines decide where things go, keys whether that is right.
func mergeBody(base, ours, theirs string) (string, bool) {
	if sameBody(theirs, base) || theirs == ours {
		return ours, true
	}
	lines, ok := merge(splitLines(base), splitLines(ours), splitLines(theirs))
	if !ok {
		return "", false
	}
	merged := strings.Join(lines, "")
	if len(outline(merged)) != 1 {
		return "", false
	}
	b, o, t, m := meaning(base), meaning(ours), meaning(theirs), meaning(merged)
	for _, all := range []map[path]string{b, o, t, m} {
		for p := range all {
			want := t[p]
			switch {
			case o[p] == b[p]: // not ours to change
			case t[p] == b[p], t[p] == o[p]:
				want = o[p]
			default:
				return "", false
			}
			if m[p] != want {
				return "", false
			}
		}
	}
	return merged, true
}

// path names a key, or a key of a nested block.
type path struct{ key, sub string }

// meaning is what a body says: the values of each key, in their order.
func meaning(raw string) map[path]string {
	out := map[path]string{}
	for _, a := range assignments(raw) {
		out[path{a.key, a.sub}] += "\x00" + a.value
	}
	return out
}

// between takes back that sections or free lines have come or gone.
func (h Hunk) between(f *File) error {
	made := outline(string(h.New))
	if h.again(f) {
		return h.conflict("there is a section of that name again")
	}
	if len(made) > 0 {
		return h.unmake(f, made)
	}
	gap := h.find(f)
	free := f.gap(gap.at)
	at, ok := h.offset(free, gap)
	if !ok {
		return h.conflict("the comments there have been edited since")
	}
	b := f.blocks[gap.at]
	text := b.raw[:b.free()] + h.put(free[:at], free[at+len(h.New):], gap)
	return h.replace(f, b, 0, text, outline(string(h.Old)))
}

// removed reports whether the hunk is the removal of one section, of which comments
// may have stayed, and parts the free lines that went with it.
func (h Hunk) removed() (lead, section, tail string, ok bool) {
	old := string(h.Old)
	b := outline(old)
	if len(b) != 1 || len(outline(string(h.New))) > 0 || len(h.Prev) == 0 || len(h.Next) == 0 {
		return "", "", "", false
	}
	return old[:b[0].start], old[b[0].start:b[0].end], old[b[0].end:], true
}

// put writes what was removed between two pieces of free lines. Next to the
// neighbours that it had, it gets back the empty lines too that were there:
// which of two sections they belong to cannot be seen while one is away.
func (h Hunk) put(above, below string, gap spot) string {
	lead, section, tail, ok := h.removed()
	if !ok {
		return above + string(h.Old) + below
	}
	above, below = above+lead, tail+below
	if over := string(h.Prev[0].Free); gap.prev && sameComments(above, over) {
		above = over
	}
	if under := string(h.Next[0].Free); gap.next && sameComments(below, under) {
		below = under
	}
	return above + section + below
}

// offset finds the place of a hunk without new sections among the free lines of
// a gap: as they were left, else so that each comment is on its side, else above
// what belongs to the next section.
func (h Hunk) offset(free string, gap spot) (int, bool) {
	above, below, lines := string(h.Above), string(h.Below), string(h.New)
	if free == above+lines+below {
		return len(above), true // nothing has changed around it
	}
	if lead, _, tail, ok := h.removed(); ok && lines == "" {
		if at, ok := part(free, strings.TrimSuffix(gap.upper, lead), strings.TrimPrefix(gap.lower, tail)); ok {
			return at, true
		}
	}
	fits := func(at int) bool {
		return at >= 0 && at <= len(free) && (at == 0 || free[at-1] == '\n') && strings.HasPrefix(free[at:], lines)
	}
	fromAbove, fromBelow := len(above), len(free)-len(below)-len(lines)
	isAbove := strings.HasPrefix(free, above) && fits(fromAbove)
	isBelow := strings.HasSuffix(free, below) && fits(fromBelow)
	switch {
	case isAbove && (gap.prev || !isBelow || !gap.next):
		return fromAbove, true
	case isBelow:
		return fromBelow, true
	case lines == "":
		return leadStart(free, gap.at == 0), true
	}
	return onlyAt(free, lines)
}

// part divides free lines into those of upper and those of lower, both of which
// may have more. Empty lines go with what is below them.
func part(free, upper, lower string) (int, bool) {
	if at := len(free) - len(lower); strings.HasSuffix("\n"+free, "\n"+lower) && within(free[:at], upper) {
		return at, true
	}
	if at := len(upper); strings.HasPrefix(free, upper) && within(free[at:], lower) {
		return at, true
	}
	for n := range len(comments(free)) + 1 {
		at := afterComments(free, n)
		if within(free[:at], upper) && within(free[at:], lower) {
			return at, true
		}
	}
	return 0, false
}

// within reports whether the comments of a are among those of b, in order.
func within(a, b string) bool {
	rest := comments(b)
	for _, c := range comments(a) {
		i := slices.IndexFunc(rest, func(o string) bool { return sameBody(c, o) })
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
	}
	return true
}

// comments are the free lines that are not empty.
func comments(free string) []string {
	return slices.DeleteFunc(splitLines(free), func(l string) bool { return strings.TrimSpace(l) == "" })
}

func sameComments(a, b string) bool { return slices.EqualFunc(comments(a), comments(b), sameBody) }

// afterComments is where, in free lines, the line after the nth comment starts.
func afterComments(free string, n int) int {
	at := 0
	for pos := 0; pos < len(free) && n > 0; {
		next := lineAfter(free, pos)
		if strings.TrimSpace(free[pos:next]) != "" {
			n, at = n-1, next
		}
		pos = next
	}
	return at
}

// onlyAt finds whole lines that are in a text once.
func onlyAt(text, lines string) (int, bool) {
	at := strings.Index("\n"+text, "\n"+lines)
	return at, at >= 0 && !strings.Contains(("\n" + text)[at+1:], "\n"+lines)
}

// unmake takes back a section that has been made, or made of another one. If
// only keys were added to it since, those stay, and its header with them.
func (h Hunk) unmake(f *File, made []body) error {
	last := made[len(made)-1]
	all := f.named(last.name)
	if len(all) == 0 {
		return h.conflict("the section is not there any more")
	}
	var found *block // the one place where all of it is
	var at around
	places := 0
	for _, b := range all {
		if here, ok := h.madeAt(f, b, made); ok {
			found, at, places = b, here, places+1
		}
	}
	if places == 1 && found.free() == last.end-last.start {
		text := at.above + string(h.Old) + at.below
		return h.replace(f, f.blocks[found.pos-len(made)], len(made), text, outline(string(h.Old)))
	}
	if len(made) == 1 && h.Old == "" {
		base := string(h.New)[last.start:last.end]
		return h.merge(f, all[0], base, base[:lineAfter(base, 0)], "the section has been edited since")
	}
	return h.conflict("the section has been edited since")
}

// around is what stands above and below a text.
type around struct{ above, below string }

// madeAt looks for all that a hunk has made, of which b would be the last section.
func (h Hunk) madeAt(f *File, b *block, made []body) (around, bool) {
	first := b.pos - len(made) + 1
	if first < 1 {
		return around{}, false
	}
	text := ""
	at := len(f.blocks[first-1].raw) - made[0].start
	for i := first - 1; i <= b.pos; i++ {
		text += f.blocks[i].raw
	}
	if at < 0 || at > 0 && text[at-1] != '\n' || !strings.HasPrefix(text[at:], string(h.New)) {
		return around{}, false
	}
	return around{text[:at], text[at+len(h.New):]}, true
}
