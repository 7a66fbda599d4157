package terminal

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// Whatever a name from a file or from AWS holds, nothing of it acts on a terminal.
func TestCleanText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := Clean(rapid.String().Draw(t, "text") + "\x1b]52;c;aGk=\x07\u009b31m\u202e\u061c\u2066\u2028\u2029")
		if strings.ContainsFunc(got, func(r rune) bool {
			return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
		}) {
			t.Fatalf("%q", got)
		}
	})
}
