package sso

import "testing"

// What a hint tells to type is one word after the command.
func TestWord(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"corp": "corp", "https://corp.awsapps.com/start": "https://corp.awsapps.com/start",
		"my corp": "'my corp'", "a;b": "'a;b'", "it's": `'it'\''s'`, "$(x)": "'$(x)'", "a*b": "'a*b'", "": "''",
	} {
		if got := word(name); got != want {
			t.Errorf("%q: %s", name, got)
		}
	}
}
