package command

import (
	"strings"
	"testing"
)

// Columns begin below each other on a terminal, whatever is in them: wide characters,
// accents of their own, an emoji of several, what would act on the terminal.
func TestTable(t *testing.T) {
	t.Parallel()
	got := string(table([][]string{
		{"NAME", "KIND"}, {"prod", "role"}, {"日本", "role"}, {"e\u0301a", "user"}, {"👩‍💻", "sso"}, {"\x1b[2J", ""},
	}))
	const want = "NAME  KIND\nprod  role\n日本  role\ne\u0301a    user\n👩‍💻    sso\n�[2J\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A name that is longer than any screen pads no other row.
func TestTableOfALongName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3000)
	got := string(table([][]string{{"NAME", "KIND"}, {"prod", "role"}, {long, "user"}}))
	if want := "NAME  KIND\nprod  role\n" + long + "  user\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
