package awsfile

import (
	"slices"
	"strings"
)

// Revert takes back what [Diff] has recorded, byte for byte where the file is
// as it was left there, and around what has been edited since. If the same
// lines or keys have changed on both sides, or a section that would return is
// there again, it changes nothing and returns [fob.ErrConflict].
func (f *File) Revert(hunks []Hunk) error {
	if len(hunks) == 1 && hunks[0].Where == hunkFile {
		if string(f.Bytes()) != string(hunks[0].New) {
			return hunks[0].conflict("the file has been edited since, and has a section twice")
		}
		*f = *Parse(f.kind, []byte(hunks[0].Old))
		return nil
	}
	var like []byte
	for _, h := range hunks {
		like = append(like, h.Old...)
	}
	text, mark, missing := plain(f.Bytes(), like)
	before := text
	var touched []string
	var end Hunk
	for _, h := range slices.Backward(hunks) {
		var err error
		switch h.Where {
		case hunkSection:
			text, err = h.section(text)
		case hunkBetween:
			text, err = h.between(text)
		case hunkEnd:
			end = h
		case hunkMark:
			if flag(mark) == h.New {
				mark = h.Old != ""
			}
		default:
			err = h.conflict("it was recorded by a newer version")
		}
		if err != nil {
			return err
		}
		touched = append(touched, h.Section)
		touched = append(touched, names(outline(string(h.Old)))...)
		touched = append(touched, names(outline(string(h.New)))...)
	}
	if !slices.Equal(others(before, touched), others(text, touched)) {
		return Hunk{}.conflict("that would change other sections")
	}
	// The end of the file is to be as it was only if the same section is there.
	if last := outline(text); end.Where != "" && missing == string(end.New) &&
		(len(last) == 0 || slices.Contains(touched, last[len(last)-1].name)) {
		missing = string(end.Old)
	}
	text = trimEnd(text, missing)
	if mark {
		text = byteMark + text
	}
	*f = *Parse(f.kind, []byte(text))
	return nil
}

// section takes back a change to the lines of a section.
func (h Hunk) section(text string) (string, error) {
	for _, b := range outline(text) {
		if b.name == h.Section {
			merged, ok := mergeBody(string(h.New), string(h.Old), text[b.start:b.end])
			if !ok {
				return "", h.conflict("its keys have been edited since")
			}
			return text[:b.start] + merged + text[b.end:], nil
		}
	}
	return "", h.conflict("the section is not there any more")
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
func (h Hunk) between(text string) (string, error) {
	bodies, made := outline(text), outline(string(h.New))
	if h.again(bodies) {
		return "", h.conflict("there is a section of that name again")
	}
	if len(made) > 0 {
		return h.unmake(text, bodies, made)
	}
	gap := h.find(names(bodies))
	free := freeAbove(text, bodies, gap.at)
	lo := len(text)
	if gap.at < len(bodies) {
		lo = bodies[gap.at].start
	}
	lo -= len(free)
	at, ok := h.offset(free, gap)
	if !ok {
		return "", h.conflict("the comments there have been edited since")
	}
	return text[:lo] + h.put(free[:at], free[at+len(h.New):], gap) + text[lo+len(free):], nil
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
func (h Hunk) unmake(text string, bodies, made []body) (string, error) {
	last := made[len(made)-1]
	if at, ok := onlyAt(text, string(h.New)); ok {
		for _, b := range bodies {
			if b.start == at+last.start && b.end == at+last.end {
				return text[:at] + string(h.Old) + text[at+len(h.New):], nil
			}
		}
	}
	i := slices.IndexFunc(bodies, func(b body) bool { return b.name == last.name })
	if i < 0 {
		return "", h.conflict("the section is not there any more")
	}
	if len(made) == 1 && h.Old == "" {
		now, base := bodies[i], string(h.New)[last.start:last.end]
		if merged, ok := mergeBody(base, base[:lineAfter(base, 0)], text[now.start:now.end]); ok {
			return text[:now.start] + merged + text[now.end:], nil
		}
	}
	return "", h.conflict("the section has been edited since")
}
