package terminal

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whatever a name from a file or from AWS holds, nothing of it acts on a terminal.
func TestCleanText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := Clean(rapid.String().Draw(t, "text") + "\x1b]52;c;aGk=\x07\u009b31m\u202e")
		if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || 0x7f <= r && r < 0xa0 || r == 0x202e }) {
			t.Fatalf("%q", got)
		}
	})
}
