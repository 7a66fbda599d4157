package cli

import (
	"testing"

	"fob/internal/fob"
)

func TestSourceName(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"bot":                     "bot",
		"a b":                     "a b",
		fob.SignIn("corp"):        "corp",
		fob.SignIn("my corp"):     "my corp",
		fob.SignIn("my corp://x"): "my corp://x",
		fob.SignIn("https://corp.awsapps.com/start eu-west-1"): "https://corp.awsapps.com/start",
		fob.SignIn("https://corp.awsapps.com/start "):          "https://corp.awsapps.com/start",
	} {
		if got := sourceName(source); got != want {
			t.Errorf("%q: %q", source, got)
		}
	}
}
