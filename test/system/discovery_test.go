//go:build linux

package system

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"fob/internal/fakeaws"
	"fob/test/build"
)

// A search for roles at a terminal shows progress. If the token expires during it, it is refreshed
// once for all workers, and no role is missing.
func TestDiscoveryOutlivesItsToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	aws := fakeaws.New(fakeaws.Options{})
	scene := aws.SetDefault()
	scene.SSO.AddAccounts(60, 2)
	srv := httptest.NewServer(aws)
	t.Cleanup(func() { aws.Close(); srv.Close() })
	if err := build.Programs(filepath.Dir(w.home), nil, "../test/visit"); err != nil {
		t.Fatal(err)
	}
	w.env = append(w.env, "BROWSER="+filepath.Join(filepath.Dir(w.home), "visit"))
	w.ok("vault", "init", "--unlock", "file")
	w.ok("add", "sso", "corp", "--start-url", srv.URL+"/start", "--region", "us-east-1", "--endpoint-url", srv.URL)
	w.ok("login", "corp")
	before := aws.SSOCounts()

	term := onTerminal(t, w.cmd("sync", "corp"))
	term.expect("\r██")
	if n := aws.RevokeSSO(fakeaws.RevokeAccess); n != 1 {
		t.Errorf("%d tokens ended", n)
	}
	if code := term.wait(); code != 0 {
		t.Fatalf("exit %d: %s", code, redact(term.text()))
	}
	term.expect("64 accounts, 128 roles")
	term.expect("64/64 accounts")
	if !strings.Contains(term.text(), "\r█") {
		t.Error("no bar was drawn")
	}
	after := aws.SSOCounts()
	if pages, renewals := after.Pages-before.Pages, after.Exchanges["refresh_token"]; pages != 0 || renewals != 1 {
		t.Errorf("%d pages and %d renewals, want none and one", pages, renewals)
	}
}
