package tui

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// clusters yields what a terminal draws as one character each (grapheme clusters: an
// accent belongs to its letter, a family is one emoji), with how many cells it takes.
// A question mark stands for each rune that [acts].
func clusters(text string) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		for g := displaywidth.StringGraphemes(strings.Map(inert, text)); g.Next(); {
			if !yield(g.Value(), g.Width()) {
				return
			}
		}
	}
}

func inert(r rune) rune {
	if acts(r) {
		return '?'
	}
	return r
}

// acts reports whether a rune would act on the terminal or on the direction of the
// text, and so must not be printed.
func acts(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError
}

// cells is how many cells of a terminal a text takes as [line] writes it.
func cells(text string) (n int) {
	for _, width := range clusters(text) {
		n += width
	}
	return n
}

// line builds a line of at most so many cells, with styles that take none.
type line struct {
	strings.Builder
	left int // cells
}

// cluster adds one, and reports whether there was room.
func (l *line) cluster(text string, width int) bool {
	if width > l.left {
		l.left = 0
		return false
	}
	l.left -= width
	l.WriteString(text)
	return true
}

func (l *line) text(s string) {
	for cluster, width := range clusters(s) {
		if !l.cluster(cluster, width) {
			return
		}
	}
}
