package agent

import (
	"testing"

	kinds "fob/internal/principal/all"
)

// A sign-in is shown by its own name, which may contain blanks, or by its start URL without the
// region.
func TestSourceName(t *testing.T) {
	t.Parallel()
	a := &Agent{kinds: kinds.Kinds()}
	for source, want := range map[string]string{
		"bot":                     "bot",
		"a b":                     "a b",
		"sso-session corp":        "corp",
		"sso-session my corp":     "my corp",
		"sso-session my corp://x": "my corp://x",
		"sso-session https://corp.awsapps.com/start eu-west-1": "https://corp.awsapps.com/start",
		"sso-session https://corp.awsapps.com/start ":          "https://corp.awsapps.com/start",
	} {
		if got := a.sourceName(source); got != want {
			t.Errorf("%q: %q", source, got)
		}
	}
}
