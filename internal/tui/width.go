package tui

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// clusters yields grapheme clusters, which a terminal draws as one character (a letter with its
// accents, a family emoji), and their widths in cells. Runes that [acts] reports are replaced by
// question marks.
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

// acts reports whether a rune is a control character or changes the direction of text, and so must
// not be printed.
func acts(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError
}

// cells returns the width of a text in cells, as [line] writes it.
func cells(text string) (n int) {
	for _, width := range clusters(text) {
		n += width
	}
	return n
}

// line builds a line with a limited number of cells; styles take none.
type line struct {
	strings.Builder
	left int // cells
}

// cluster appends a cluster, and reports whether there was room.
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
