//go:build unix

package clients

import (
	"encoding/json"
	"path/filepath"
	"sync"
	"testing"

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
	w := newWorld(t)
	w.aws.SetSSO(func(s *fakeaws.SSOSettings) { s.RoleSession, s.AccessToken = lifetime, 2*lifetime })
	w.signInSSO()
	config := ""
	for _, c := range all() {
		config += "[profile " + c.name + "]\nregion = us-east-1\nendpoint_url = @URL@\ncredential_process = " + w.fob()[0] + " credentials " + ssoRole + "\n\n"
	}
	w.write(w.aws_("config"), config)
	var who struct{ ARN string }
	if err := json.Unmarshal([]byte(w.ok(w.fob("whoami", ssoRole, "--json")...)), &who); err != nil {
		t.Fatal(err)
	}
	answers, errs := make([][]answer, len(all())), make([]error, len(all()))
	var running sync.WaitGroup
	for i, c := range all() {
		argv, err := c.find()
		if err != nil {
			errs[i] = err
			continue
		}
		running.Go(func() { // side by side: each takes the whole time
			if c.name == "cli" {
				answers[i], errs[i] = w.repeat(c, argv, nil, c.name)
			} else {
				answers[i], errs[i] = w.answers(append(argv, "loop", seconds(calling), "0.25", c.name))
			}
		})
	}
	running.Wait()
	for i, c := range all() {
		t.Run(c.name, func(t *testing.T) {
			if _, err := c.find(); err != nil {
				skip.Missing(t, "%v", err)
			}
			if errs[i] != nil || len(answers[i]) == 0 {
				t.Fatal(errs[i], len(answers[i]))
			}
			for n, a := range answers[i] {
				if a.Arn != who.ARN || a.Error != "" {
					t.Errorf("call %d of %d is %q, %s", n+1, len(answers[i]), a.Arn, a.Error)
				}
			}
		})
	}
	counts := w.aws.SSOCounts()
	if n := counts.Credentials["222233334444/ReadOnly"]; n < 4 || n > 12 || counts.Pages != 1 || counts.Exchanges["refresh_token"] == 0 {
		t.Errorf("%+v", counts)
	}
}
