package browser

import (
	"slices"
	"strings"
	"testing"
)

func FuzzWords(f *testing.F) {
	for _, text := range []string{"a b", `"a b" 'c"d'`, "'", "a''b", "\t"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Words(text)
		if err != nil {
			return
		}
		var quoted []string
		for _, w := range got {
			if strings.ContainsRune(w, '\'') && strings.ContainsRune(w, '"') {
				return
			}
			if strings.ContainsRune(w, '\'') {
				quoted = append(quoted, `"`+w+`"`)
			} else {
				quoted = append(quoted, "'"+w+"'")
			}
		}
		if again, err := Words(strings.Join(quoted, " ")); err != nil || !slices.Equal(again, got) {
			t.Fatalf("%q: %q, then %q (%v)", text, got, again, err)
		}
	})
}
