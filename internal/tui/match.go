package tui

import (
	"slices"
	"strings"
	"unicode"
)

// candidate is an item prepared for matching.
type candidate struct {
	name   []rune // unchanged
	folded []rune // in lower case, rune by rune
	detail string // in lower case
}

func newCandidate(i Item) candidate {
	c := candidate{name: []rune(i.Name), detail: strings.ToLower(i.Detail)}
	c.folded = make([]rune, len(c.name))
	for k, r := range c.name {
		c.folded[k] = unicode.ToLower(r)
	}
	return c
}

// hit is an item that matches a query.
type hit struct {
	index int   // of the item
	score int   // more is better
	marks []int // indices of the matched runes in the name, ascending
}

// Scores: how good a match of a word with a name is.
const (
	perRune     = 16 // for each matched rune
	atBeginning = 24 // at the start of the name
	atWord      = 12 // at the start of a word of the name
	following   = 14 // directly after the previous match
	perGap      = 1  // cost of each rune between two matches
	maxGap      = 12 // longer gaps cost no more
	inDetail    = 4  // the word is not in the name, only in the detail
)

// search finds the items that contain every word of a query: in the name as a subsequence, or in
// the detail as a substring. The best come first; equal matches keep their order.
func search(all []candidate, query string) []hit {
	var words [][]rune
	for word := range strings.FieldsSeq(strings.ToLower(query)) {
		words = append(words, []rune(word))
	}
	hits := make([]hit, 0, len(all))
	for i := range all {
		h := hit{index: i}
		if all[i].match(words, &h) {
			hits = append(hits, h)
		}
	}
	if len(words) > 0 {
		slices.SortStableFunc(hits, func(a, b hit) int { return b.score - a.score })
	}
	return hits
}

func (c *candidate) match(words [][]rune, h *hit) bool {
	for _, word := range words {
		score, marks := c.find(word)
		switch {
		case marks != nil:
			h.score += score
			h.marks = append(h.marks, marks...)
		case strings.Contains(c.detail, string(word)):
			h.score += inDetail * len(word)
		default:
			return false
		}
	}
	slices.Sort(h.marks)
	h.marks = slices.Compact(h.marks)
	return true
}

// find finds the best match of a word with the name; marks is nil if there is none. best[j][i] is
// the best score with the word's rune j matched at i.
func (c *candidate) find(word []rune) (score int, marks []int) {
	if !subsequence(word, c.folded) {
		return 0, nil
	}
	n := len(c.folded)
	const none = -1 << 30
	best, from := make([]int, len(word)*n), make([]int, len(word)*n)
	for j, r := range word {
		reach, at := none, -1 // the best of the row above, minus the cost of the gap
		for i, have := range c.folded {
			k := j*n + i
			best[k] = none
			if have == r {
				switch {
				case j == 0:
					best[k], from[k] = perRune+c.bonus(i)-perGap*min(i, maxGap), -1
				case i > 0:
					before := best[k-n-1]
					if before > none {
						best[k], from[k] = before+perRune+max(following, c.bonus(i)), i-1
					}
					if reach > none && reach+perRune+c.bonus(i) > best[k] {
						best[k], from[k] = reach+perRune+c.bonus(i), at
					}
				}
			}
			if j > 0 && i > 0 { // from here on, rune i-1 of the row above is separated by a gap
				reach -= perGap
				if before := best[k-n-1]; before > none && before-perGap >= reach {
					reach, at = before-perGap, i-1
				}
			}
		}
	}
	last, end := (len(word)-1)*n, 0
	for i := range n {
		if best[last+i] > best[last+end] {
			end = i
		}
	}
	score = best[last+end] - n/8 // of two equal matches the shorter name
	marks = make([]int, len(word))
	for j, i := len(word)-1, end; j >= 0; j-- {
		marks[j] = i
		i = from[j*n+i]
	}
	return score, marks
}

// bonus is the extra score for a match at rune i.
func (c *candidate) bonus(i int) int {
	if i == 0 {
		return atBeginning
	}
	before, r := c.name[i-1], c.name[i]
	letter := unicode.IsLetter(before) || unicode.IsDigit(before)
	if !letter || unicode.IsLower(before) && unicode.IsUpper(r) || unicode.IsLetter(before) && unicode.IsDigit(r) {
		return atWord
	}
	return 0
}

func subsequence(word, text []rune) bool {
	for _, r := range text {
		if len(word) > 0 && r == word[0] {
			word = word[1:]
		}
	}
	return len(word) == 0
}
