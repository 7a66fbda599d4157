package all

import "testing"

func TestMethodsHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range Methods() {
		if m.Name == "" || m.Doc == "" || seen[m.Name] {
			t.Errorf("%q: %q", m.Name, m.Doc)
		}
		seen[m.Name] = true
	}
}
