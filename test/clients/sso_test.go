//go:build linux

package clients

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"fob/internal/fakeaws"
	"fob/test/build"
	"fob/test/skip"
)

// role is one of the default scene's, of the account payments.
const ssoRole = "corp/222233334444/ReadOnly"

// signInSSO adds a sign-in and signs in, in a browser that approves.
func (w *world) signInSSO() {
	w.t.Helper()
	dir := w.t.TempDir()
	if err := build.Programs(dir, nil, "../test/visit"); err != nil {
		w.t.Fatal(err)
	}
	w.ok(w.fob("vault", "init", "--unlock", "file")...)
	w.ok(w.fob("add", "sso", "corp", "--start-url", w.url+"/start", "--region", "us-east-1", "--endpoint-url", w.url)...)
	w.env = append(w.env, "BROWSER="+filepath.Join(dir, "visit"))
	w.ok(w.fob("login", "corp")...)
}

// TestSSO: each client on a role of IAM Identity Center, across three expiries of
// the role's credentials and one of the sign-in's token.
func TestSSO(t *testing.T) {
	t.Parallel()
	w, set := newHours(t)
	w.aws.SetSSO(func(s *fakeaws.SSOSettings) { s.RoleSession, s.AccessToken = time.Hour, 2*time.Hour })
	w.signInSSO()
	config := ""
	var runners []*runner
	for _, c := range all() {
		config += "[profile " + c.name + "]\nregion = us-east-1\nendpoint_url = @URL@\ncredential_process = " + w.fob()[0] + " credentials " + ssoRole + "\n\n"
		if argv, err := c.find(); err == nil { // else named below
			runners = append(runners, &runner{profile: c.name, client: c, argv: argv, name: c.name})
		}
	}
	w.write(w.aws_("config"), config)
	var who struct{ ARN string }
	if err := json.Unmarshal([]byte(w.ok(w.fob("whoami", ssoRole, "--json")...)), &who); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	w.callForHours(runners, set)
	took := time.Since(began)
	for _, c := range all() {
		t.Run(c.name, func(t *testing.T) {
			if _, err := c.find(); err != nil {
				skip.Missing(t, "%v", err)
			}
			for _, r := range runners {
				if r.profile == c.name {
					r.check(t, who.ARN)
				}
			}
		})
	}
	counts := w.aws.SSOCounts()
	most := int((hours+took)/(44*time.Minute)) + 1
	if n := counts.Credentials["222233334444/ReadOnly"]; n < 4 || n > most || counts.Pages != 1 || counts.Exchanges["refresh_token"] == 0 {
		t.Errorf("%+v, want 4 to %d sessions of the role, one page and a renewed token", counts, most)
	}
}
