package frontend

import (
	"errors"
	"os"
	"path/filepath"
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

// A page that a server names is neither opened nor shown unless it is one of https, or of
// this machine.
func TestHostilePages(t *testing.T) {
	t.Parallel()
	ran := filepath.Join(t.TempDir(), "ran")
	for _, address := range []string{"--version", "file:///etc/passwd", "http://192.168.1.1/", "https://h/\x1b[2J", "", "corp.awsapps.com/start"} {
		for _, browser := range []string{"touch " + ran, ""} {
			var said strings.Builder
			a := &App{Streams: Streams{Err: &said}, Environ: []string{"BROWSER=" + browser}, SigningIn: true}
			err := a.Open(t.Context(), fob.Page{Title: "sign in to corp", URL: address, Code: "ABCD-EFGH", Always: true})
			if !errors.Is(err, fob.ErrNetwork) || said.Len() > 0 {
				t.Errorf("%q: %v, %s", address, err, &said)
			}
		}
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a browser was started")
	}
}

// Where the browser is on another machine, the way that needs no redirect is named: but
// only for pages that come back.
func TestPagesThatComeBack(t *testing.T) {
	t.Parallel()
	for _, env := range []string{"container=podman", "SSH_CONNECTION=x"} {
		for _, returns := range []bool{true, false} {
			var said strings.Builder
			a := &App{Streams: Streams{Err: &said}, Environ: []string{env}, SigningIn: true, NoBrowser: true}
			if err := a.Open(t.Context(), fob.Page{Title: "x", URL: "https://h/", Returns: returns}); err != nil {
				t.Error(err)
			}
			if strings.Contains(said.String(), "fob login --device-code") != returns {
				t.Errorf("%s, %v: %s", env, returns, &said)
			}
		}
	}
}
