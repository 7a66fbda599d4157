package frontend

import (
	"strings"
	"testing"
	"testing/synctest"

	"fob/internal/fob"
)

// A browser that cannot be started, or fails at once, leaves the person the
// address: nobody would wait five minutes for a page that is nowhere.
func TestBrowserThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // in which the time limit does not pass while a program runs
		for browser, why := range map[string]string{
			"false":              "false has failed",
			"no-such-browser %s": "no-such-browser cannot be started",
		} {
			var said strings.Builder
			a := &App{Streams: Streams{Err: &said}, Environ: []string{"BROWSER=" + browser}, SigningIn: true}
			if err := a.Open(t.Context(), fob.Page{Title: "sign in to corp", URL: "http://127.0.0.1:9/page", Always: true}); err != nil {
				t.Error(err)
			}
			if text := said.String(); !strings.Contains(text, why) || !strings.Contains(text, "\nhttp://127.0.0.1:9/page\n") {
				t.Errorf("%s: %s", browser, text)
			}
		}
	})
}
