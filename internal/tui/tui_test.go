package tui

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
	"pgregory.net/rapid"
)

func names(items []Item, hits []hit) (out []string) {
	for _, h := range hits {
		out = append(out, items[h.index].Name)
	}
	return out
}

func list(names ...string) (items []Item) {
	for _, n := range names {
		name, detail, _ := strings.Cut(n, "|")
		items = append(items, Item{name, detail})
	}
	return items
}

func candidates(items []Item) (all []candidate) {
	for _, i := range items {
		all = append(all, newCandidate(i))
	}
	return all
}

func TestSearch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		items []Item
		query string
		want  []string
	}{
		{list("b", "a"), "", []string{"b", "a"}},                                                           // the given order
		{list("deploy-prod", "prod", "product-db"), "prod", []string{"prod", "product-db", "deploy-prod"}}, // the beginning, then a word's
		{list("pXrXoXd", "my-prod"), "prod", []string{"my-prod", "pXrXoXd"}},                               // without gaps
		{list("corp/payments/ReadOnly", "corp/search/Admin"), "corad", []string{"corp/search/Admin", "corp/payments/ReadOnly"}},
		{list("corp/payments/ReadOnly", "corp/payments/Admin"), "cpad", []string{"corp/payments/Admin", "corp/payments/ReadOnly"}}, // words
		{list("corp/payments/ReadOnly", "corp/payments/Admin"), "pay admin", []string{"corp/payments/Admin"}},
		{list("corp/payments/ReadOnly"), "ro", []string{"corp/payments/ReadOnly"}},
		{list("a|111122223333 payments", "b|444455556666 search"), "4444", []string{"b"}}, // beside the name
		{list("a|Zahlungen", "zahl"), "zahl", []string{"zahl", "a"}},
		{list("Ärzte", "x"), "är", []string{"Ärzte"}},
		{list("one", "two"), "three", nil},
	} {
		if got := names(tt.items, search(candidates(tt.items), tt.query)); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %v, want %v", tt.query, got, tt.want)
		}
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	items := list("corp/payments/PowerUser")
	h := search(candidates(items), "pu")
	if len(h) != 1 || !slices.Equal(h[0].marks, []int{14, 19}) {
		t.Error(h)
	}
}

// Hits contain the word as a subsequence, other items do not, and the marks are right.
func TestSearchFindsSubsequences(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-c/-]{0,12}`).Draw(t, "name")
		word := rapid.StringMatching(`[a-c]{1,4}`).Draw(t, "word")
		c := newCandidate(Item{Name: name})
		_, marks := c.find([]rune(word))
		if found := subsequence([]rune(word), []rune(name)); found != (marks != nil) {
			t.Fatalf("%q in %q: %v", word, name, marks)
		}
		var said []rune
		for i, m := range marks {
			if i > 0 && m <= marks[i-1] {
				t.Fatalf("%q in %q: %v", word, name, marks)
			}
			said = append(said, []rune(name)[m])
		}
		if marks != nil && string(said) != word {
			t.Fatalf("%q in %q: %v", word, name, marks)
		}
	})
}

// What a key costs grows with the number of names, and not faster: ten times as many
// may take thirty times as long.
func TestThousandsWithoutLag(t *testing.T) {
	took := func(n int) time.Duration {
		var items []Item
		for i := range n {
			items = append(items, Item{fmt.Sprintf("corp/account-%05d-payments/Role%d", i/4, i%4), fmt.Sprintf("%012d", i)})
		}
		least := time.Hour
		for range 5 { // the best of them was not interrupted
			p := newPicker(items, Options{})
			start := time.Now()
			for _, r := range "corpay12" {
				p.press(keyText, r)
				p.view()
			}
			least = min(least, time.Since(start))
		}
		return least
	}
	few, many := took(2000), took(20000)
	if many > 30*few {
		t.Errorf("keys take %v among 2,000 and %v among 20,000", few, many)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for input, want := range map[string][]key{
		"a":            {keyText},
		"é":            {keyText},
		"\x1b[A":       {keyUp},
		"\x1bOB":       {keyDown},
		"\x10\x0e":     {keyUp, keyDown},
		"\x1b[5~x":     {keyPageUp, keyText},
		"\x1b[1;5A":    {keyUp},
		"\x1b":         {keyCancel},
		"\x1b\x1b":     {keyCancel, keyCancel},
		"\x1bx":        {keyNone},
		"\x03":         {keyCancel},
		"\x7f\x08":     {keyBack, keyBack},
		"\x17\x15":     {keyWord, keyClear},
		"\r":           {keyEnter},
		"\xff":         {keyNone},
		"\u202e":       {keyNone},
		"\u009b":       {keyNone},
		"\x1b[200~":    {keyNone},
		"\x1b[12":      {keyNone},
		"\x1b[H\x1b[F": {keyFirst, keyLast},
	} {
		var got []key
		for rest := []byte(input); len(rest) > 0; {
			k, _, n := next(rest, true)
			if n == 0 {
				t.Errorf("%q: stuck", input)
				break
			}
			got, rest = append(got, k), rest[n:]
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", input, got, want)
		}
	}
	for _, part := range []string{"\x1b", "\x1b[", "\x1b[1", "\x1bO", "\xc3"} { // incomplete sequences
		if _, _, n := next([]byte(part), false); n != 0 {
			t.Errorf("%q was taken for whole", part)
		}
	}
}

// FuzzKeys: any input is consumed completely as keys.
func FuzzKeys(f *testing.F) {
	for _, seed := range []string{"abc\r", "\x1b[A\x1b[B\x1bOC", "\x1b[1;5", "é\xff\x1b", "\x1b[\x1b[A", "\x1bO"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		p := newPicker(list("one", "two", "drei\x1b[31m"), Options{})
		for rest := input; len(rest) > 0; {
			k, text, n := next(rest, true)
			if n <= 0 || n > len(rest) {
				t.Fatalf("%q: took %d bytes", rest, n)
			}
			rest = rest[n:]
			p.press(k, text)
			if p.at < 0 || p.at > 0 && p.at >= len(p.hits) || !utf8.ValidString(string(p.query)) {
				t.Fatalf("%q: at %d of %d", input, p.at, len(p.hits))
			}
		}
		checkView(t, p)
	})
}

// ours are the escape sequences that a view may contain.
func ours() *regexp.Regexp {
	return regexp.MustCompile("\x1b\\[(\\?25[lh]|[0-9;]*[HmKJ])")
}

// checkView fails if a line is too wide, or if it contains any other escape sequence or control
// character.
func checkView(t interface {
	Fatalf(format string, args ...any)
}, p *picker) {
	text := ours().ReplaceAllString(p.view(), "")
	lines := strings.Split(text, "\r\n")
	if len(lines) > max(p.rows, 2) {
		t.Fatalf("%d lines on a terminal of %d", len(lines), p.rows)
	}
	for _, l := range lines {
		for _, r := range l {
			if acts(r) {
				t.Fatalf("%q is on the terminal: %q", r, l)
			}
		}
		n := displaywidth.String(l)
		if n >= max(p.columns, 2) {
			t.Fatalf("%d cells on a terminal of %d: %q", n, p.columns, l)
		}
	}
}

func TestViewFits(t *testing.T) {
	t.Parallel()
	items := list("prod|111122223333", "日本語のアカウント/管理者|数字", "x\x1b]0;evil\x07\u202ename\u009b31m|\x1b[2J\n", "e\u0301clair", strings.Repeat("long-", 40)+"|detail", "👩‍💻")
	rapid.Check(t, func(t *rapid.T) {
		p := newPicker(items, Options{Title: "profile", Colour: rapid.Bool().Draw(t, "colour")})
		p.resize(rapid.IntRange(1, 120).Draw(t, "columns"), rapid.IntRange(1, 8).Draw(t, "rows"))
		for _, r := range rapid.StringMatching(`[a-zé語 ]{0,20}`).Draw(t, "typed") {
			p.press(keyText, r)
		}
		for range rapid.IntRange(0, 8).Draw(t, "down") {
			p.press(keyDown, 0)
		}
		checkView(t, p)
	})
}

func TestNoColour(t *testing.T) {
	t.Parallel()
	for _, colour := range []bool{true, false} {
		p := newPicker(list("prod"), Options{Colour: colour})
		p.press(keyText, 'p')
		if has := strings.Contains(p.view(), cyan); has != colour {
			t.Errorf("colour %v: %v", colour, has)
		}
		if !strings.Contains(p.view(), underline) {
			t.Error("what was found is not marked")
		}
	}
}

func TestMoving(t *testing.T) {
	t.Parallel()
	var items []Item
	for i := range 30 {
		items = append(items, Item{Name: fmt.Sprintf("n%02d", i)})
	}
	p := newPicker(items, Options{})
	p.resize(40, 6)
	for _, step := range []struct {
		k    key
		want string
	}{
		{keyUp, "n00"}, {keyDown, "n01"}, {keyPageDown, "n06"}, {keyLast, "n29"}, {keyDown, "n29"}, {keyPageUp, "n24"}, {keyFirst, "n00"},
	} {
		p.press(step.k, 0)
		if !strings.Contains(p.view(), bold+"> "+step.want) {
			t.Errorf("%v does not lead to %s: %q", step.k, step.want, p.view())
		}
	}
	for _, r := range "n2 x" {
		p.press(keyText, r)
	}
	if len(p.hits) != 0 || p.press(keyEnter, 0) {
		t.Error("picked one of none")
	}
	p.press(keyWord, 0)
	if string(p.query) != "n2 " || len(p.hits) != 12 { // n02, n12, n20 to n29
		t.Errorf("%q, %d", string(p.query), len(p.hits))
	}
	if !p.press(keyEnter, 0) || items[p.hits[p.at].index].Name != "n20" {
		t.Error(p.hits[p.at])
	}
}

func TestCells(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"prod": 4, "日本": 4, "e\u0301clair": 6, "👩‍💻": 2, "❤\ufe0f": 2, "\x1b[2J": 4, "a\r\nb": 4, "\xff": 1, "\u202e": 1,
	} {
		if got := cells(text); got != want {
			t.Errorf("%q takes %d cells, want %d", text, got, want)
		}
	}
}

// A match is marked with the whole grapheme cluster that contains it, and later marks are at the
// right places.
func TestMarksOfClusters(t *testing.T) {
	t.Parallel()
	p := newPicker(list("e\u0301 \x1b👩‍💻x"), Options{})
	for _, r := range "ex" {
		p.press(keyText, r)
	}
	if want := underline + "e\u0301" + plain + bold + " ?👩‍💻" + underline + "x" + plain; !strings.Contains(p.view(), want) {
		t.Errorf("%q lacks %q", p.view(), want)
	}
}
