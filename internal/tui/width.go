package tui

import (
	"strings"
	"unicode"
)

// width is how many cells of a terminal a rune takes: two for East Asian wide
// ones and emoji, none for marks that join the one before, -1 for what would act
// on the terminal or on the direction of the text and must not be printed.
func width(r rune) int {
	switch {
	case r < ' ', 0x7f <= r && r < 0xa0, unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
		return -1
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case wide(r):
		return 2
	}
	return 1
}

// cell is how many cells a rune takes as [line] writes it.
func cell(r rune) int {
	if w := width(r); w >= 0 {
		return w
	}
	return 1
}

// wide are the blocks that Unicode's EastAsianWidth.txt calls W or F, as
// terminals have them.
func wide(r rune) bool {
	for _, block := range [...][2]rune{
		{0x1100, 0x115f}, {0x2329, 0x232a}, {0x2e80, 0x303e}, {0x3041, 0xa4cf}, {0xa960, 0xa97c},
		{0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
		{0x17000, 0x18cff}, {0x1b000, 0x1b2ff}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
		{0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
	} {
		if block[0] <= r && r <= block[1] {
			return true
		}
	}
	return false
}

// line builds a line of at most so many cells, with styles that take none.
type line struct {
	strings.Builder
	left int // cells
}

// rune adds one, and reports whether there was room.
func (l *line) rune(r rune) bool {
	w := cell(r)
	if width(r) < 0 {
		r = '?'
	}
	if w > l.left {
		l.left = 0
		return false
	}
	l.left -= w
	l.WriteRune(r)
	return true
}

func (l *line) text(s string) {
	for _, r := range s {
		if !l.rune(r) {
			return
		}
	}
}
