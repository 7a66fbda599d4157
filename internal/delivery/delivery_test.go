package delivery_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fob/internal/delivery"
	"fob/internal/delivery/all"
	"fob/internal/delivery/env"
	"fob/internal/delivery/process"
	"fob/internal/fob"
	"fob/internal/partition"
	"fob/internal/shell"
)

func grant(t *testing.T, c fob.Credentials, err error) delivery.Grant {
	dir := t.TempDir()
	return delivery.Grant{
		Profile:     fob.Profile{Name: "prod", Keys: map[string]string{"region": "eu-west-1"}},
		Credentials: func(context.Context) (fob.Credentials, error) { return c, err },
		Exe:         "/opt/fob/fob",
		Paths:       fob.Paths{Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials")},
		Lineage:     func(fob.Narrow) (fob.Lineage, error) { return fob.LineageRole, nil },
		Narrowed:    func(context.Context, fob.Narrow, time.Duration) (fob.Credentials, error) { return c, err },
		Setting:     func(string) string { return "" },
		Partition:   partition.All()[0],
		HTTP: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(`{"SigninToken":"FOBSECRETMARKER"}`))}, nil
		})},
		Home: fob.Home{StateDir: filepath.Join(dir, "state")},
		Now:  time.Now(),
		Options: map[string]string{"url": "https://sts.amazonaws.com/", "to": filepath.Join(dir, "written"),
			"for": "rds", "target": "db.x.eu-west-1.rds.amazonaws.com:5432/app"},
		Write:   func(delivery.File) (string, error) { return "", nil },
		Foreign: func(string) (bool, error) { return false, nil },
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func session() fob.Credentials {
	return fob.Credentials{
		AccessKeyID: "ASIAXXXXXXXXXXXXXXXX", SecretAccessKey: fob.NewSecret("FOBSECRETMARKER/+="), SessionToken: fob.NewSecret("FOBSECRETMARKERtoken'\\$`!%\"//+=="),
		Expiration: time.Now().Add(time.Hour), AccountID: "111122223333",
	}
}

// Every way passes this: it hands over what it was granted, and no more than an
// error when there is nothing.
func TestWays(t *testing.T) {
	t.Parallel()
	for _, w := range all.Ways() {
		if w.Name == "" || w.Doc == "" {
			t.Errorf("way %q is not whole", w.Name)
		}
		if w.Hand == nil {
			if _, err := delivery.Find(all.Ways(), w.Name); w.Run == nil || !errors.Is(err, fob.ErrUsage) {
				t.Errorf("%s: the agent would hand it out: %v", w.Name, err)
			}
			continue
		}
		if found, err := delivery.Find(all.Ways(), w.Name); err != nil || found.Name != w.Name {
			t.Error(err)
		}
		d, err := w.Hand(t.Context(), grant(t, session(), nil))
		if err != nil || d.Stdout == "" && len(d.Set) == 0 && d.URL == "" && len(d.Facts) == 0 {
			t.Errorf("%s: %v", w.Name, err)
		}
		d, err = w.Hand(t.Context(), grant(t, fob.Credentials{}, fob.ErrLocked))
		if !errors.Is(err, fob.ErrLocked) || d.Stdout != "" || d.Set != nil || d.URL != "" {
			t.Errorf("%s without credentials: %v", w.Name, err)
		}
	}
	if _, err := delivery.Find(all.Ways(), "bogus"); !errors.Is(err, fob.ErrUsage) {
		t.Error(err)
	}
}

func TestProcessFormat(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	c := session()
	c.Expiration = now.Add(time.Hour)
	text, err := process.Format(c, now)
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	if d["Version"] != 1.0 || d["Expiration"] != "2026-11-22T15:59:00Z" || d["AccountId"] != "111122223333" {
		t.Error("wrong content")
	}
	// Near the end a fifth of what is left is taken off, and in the last second
	// nothing: what is said must not be over.
	for left, want := range map[time.Duration]string{
		5 * time.Minute: "15:04:00Z", 2 * time.Minute: "15:01:36Z", 8 * time.Second: "15:00:06Z", time.Second: "15:00:01Z",
	} {
		c.Expiration = now.Add(left)
		if text, err := process.Format(c, now); err != nil || !strings.Contains(text, want) {
			t.Errorf("with %v left %s is not said; %v", left, want, err)
		}
	}
	for name, wrong := range map[string]fob.Credentials{
		"expired":   {AccessKeyID: "A", SecretAccessKey: fob.NewSecret("s"), SessionToken: fob.NewSecret("t"), Expiration: now},
		"no id":     {SecretAccessKey: fob.NewSecret("s")},
		"no secret": {AccessKeyID: "A"},
		"far year":  {AccessKeyID: "A", SecretAccessKey: fob.NewSecret("s"), Expiration: now.AddDate(9000, 0, 0)},
	} {
		if text, err := process.Format(wrong, now); err == nil || text != "" {
			t.Errorf("%s: printed", name)
		}
	}
	c.SessionToken, c.Expiration, c.AccountID = fob.Secret{}, time.Time{}, ""
	if text, err := process.Format(c, now); err != nil || strings.Contains(text, "SessionToken") || strings.Contains(text, "Expiration") {
		t.Error(err)
	}
}

// What a shell reads back is what was meant, whatever characters are in it.
func TestPosixVariablesSurviveTheShell(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal("no sh")
	}
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.StringMatching(`[ -~é€‘’]{1,40}`).Draw(rt, "value")
		c := session()
		c.SessionToken = fob.NewSecret(value)
		g := grant(t, c, nil)
		d, err := env.Way().Hand(t.Context(), g)
		if err != nil {
			rt.Fatal(err)
		}
		cmd := exec.Command(sh, "-c", d.Stdout+`printf %s "$AWS_SESSION_TOKEN"`)
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != value {
			rt.Fatalf("%q became %q (%v)", value, out, err)
		}
	})
}

func TestEnvFormats(t *testing.T) {
	t.Parallel()
	for _, format := range shell.Formats() {
		g := grant(t, session(), nil)
		g.Options = map[string]string{"format": format}
		d, err := env.Way().Hand(t.Context(), g)
		if err != nil || !strings.Contains(d.Stdout, "AWS_ACCESS_KEY_ID") || !strings.HasSuffix(d.Stdout, "\n") {
			t.Errorf("%s: %v", format, err)
		}
	}
	g := grant(t, session(), nil)
	g.Options = map[string]string{"format": "bogus"}
	if _, err := env.Way().Hand(t.Context(), g); !errors.Is(err, fob.ErrUsage) {
		t.Error(err)
	}
	c := session()
	c.SessionToken = fob.NewSecret("a\nb")
	if d, err := env.Way().Hand(t.Context(), grant(t, c, nil)); err == nil || d.Stdout != "" {
		t.Error("a newline reached a shell")
	}
}

func TestProcessLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ exe, name, want string }{
		{"/usr/bin/fob", "prod", "/usr/bin/fob credentials prod"},
		{"/opt/a b/fob", "corp/x/Admin", `"/opt/a b/fob" credentials corp/x/Admin`},
		{"/usr/bin/fob", "a b", ""},
		{"/usr/bin/fob", "; touch x", ""},
		{"/usr/bin/fob", "$(x)", ""},
		{"/usr/bin/fob", "-rf", ""},
		{"/usr/bin/fob", "", ""},
		{"/usr/bin/fo'b", "x", ""},
		{"/usr/bin/$HOME", "x", ""},
	} {
		got, err := delivery.ProcessLine(tt.exe, tt.name)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s %s: %q, %v", tt.exe, tt.name, got, err)
		}
		if strings.HasPrefix(got, `"`) && strings.HasSuffix(got, `"`) {
			t.Errorf("%q has quotes at both ends, which Go's SDK strips", got)
		}
	}
}
