package fob

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const marker = "FOBSECRETMARKERvocabulary"

// However a secret is printed, alone or inside something, it does not show.
func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	s := NewSecret(marker)
	c := Credentials{AccessKeyID: "AKIA", SecretAccessKey: s, SessionToken: s, Expiration: time.Now()}
	p := Profile{Secrets: map[string]Secret{"aws_secret_access_key": s}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%10.3s", "%o", "%U"} {
		for _, v := range []any{s, &s, c, &c, p, []Secret{s}, map[string]Secret{"k": s}, fmt.Errorf("%v", s), struct{ hidden Secret }{s}, &struct{ hidden *Credentials }{&c}} {
			fmt.Fprintf(&out, verb, v)
		}
	}
	fmt.Fprint(&out, s, c, p)
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("x", "secret", s, "pointer", &s, "credentials", c, "profile", p, "any", []any{s})
	}
	if text, err := json.Marshal(s); err == nil {
		t.Errorf("marshalled as %d bytes", len(text))
	}
	if text, err := json.Marshal(c); err == nil {
		t.Errorf("credentials marshalled as %d bytes", len(text))
	}
	if strings.Contains(out.String(), marker) || strings.Contains(out.String(), fmt.Sprintf("%x", marker)) {
		t.Error("the secret shows")
	}
	if s.Reveal() != marker || !s.Equal(NewSecret(marker)) || s.Equal(NewSecret("x")) || s.IsZero() || !(Secret{}).IsZero() {
		t.Error("the secret is not what it was")
	}
}

func TestSecretsOfAnyTextDoNotPrint(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[A-Za-z0-9/+=]{12,60}`).Draw(t, "text")
		if got := fmt.Sprintf("%v %+v %#v %s %q", NewSecret(text), NewSecret(text), NewSecret(text), NewSecret(text), NewSecret(text)); strings.Contains(got, text) {
			t.Fatal("shown")
		}
	})
}

func TestOutcomesAreToldApart(t *testing.T) {
	t.Parallel()
	for _, o := range Outcomes() {
		err := Errorf(o.Kind, "something with %q", "x").WithHint("fob %s", "list")
		if got := OutcomeOf(fmt.Errorf("more: %w", err)); got.Wire != o.Wire {
			t.Errorf("%s becomes %s", o.Wire, got.Wire)
		}
		if HintOf(fmt.Errorf("more: %w", err)) != "fob list" {
			t.Errorf("%s: no hint", o.Wire)
		}
	}
	if o := OutcomeOf(context.Canceled); o.Wire != "cancelled" {
		t.Error(o.Wire)
	}
	if o := OutcomeOf(errors.New("x")); o.Wire != "internal" {
		t.Error(o.Wire)
	}
	locked := &Error{Kind: ErrLocked, Cause: ErrNobody, Message: "m"}
	if o := OutcomeOf(locked); o.Wire != "locked" || !errors.Is(locked, ErrNobody) {
		t.Error(o.Wire)
	}
	inner := Errorf(ErrNotFound, "inner").WithHint("inner hint")
	if outer := Errorf(ErrUsage, "outer: %w", inner); HintOf(outer) != "inner hint" || !errors.Is(outer, ErrNotFound) {
		t.Error("the cause is lost")
	}
}

func TestHome(t *testing.T) {
	t.Parallel()
	env := func(pairs ...string) func(string) string {
		return func(name string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	h, err := HomeFrom(env("FOB_HOME", "/x/fob", "HOME", "/home/j", "XDG_CONFIG_HOME", "/c"))
	if err != nil || h.Config() != "/x/fob/config" || h.Vault() != "/x/fob/vault.age" || h.Socket() != "/x/fob/run/agent.sock" {
		t.Errorf("%+v, %v", h, err)
	}
	login := t.TempDir()
	h, err = HomeFrom(env("HOME", "/home/j", "XDG_RUNTIME_DIR", login, "XDG_DATA_HOME", "relative"))
	if err != nil || h.Config() != "/home/j/.config/fob/config" || h.Cache() != "/home/j/.local/share/fob/cache.age" || h.Socket() != login+"/fob/agent.sock" {
		t.Errorf("%+v, %v", h, err)
	}
	// After logout, and where it is no directory.
	for _, gone := range []string{filepath.Join(login, "gone"), "/dev/null", "relative"} {
		h, err = HomeFrom(env("HOME", "/home/j", "XDG_RUNTIME_DIR", gone))
		if err != nil || h.Socket() != "/home/j/.local/state/fob/run/agent.sock" || h.Exec() != "/home/j/.local/state/fob/exec" {
			t.Errorf("%+v, %v", h, err)
		}
	}
	if _, err := HomeFrom(env()); !errors.Is(err, ErrUsage) {
		t.Error(err)
	}
	p, err := PathsFrom(env("HOME", "/home/j", "AWS_CONFIG_FILE", "~/c", "AWS_SHARED_CREDENTIALS_FILE", "/abs"))
	if err != nil || p.Config != "/home/j/c" || p.Credentials != "/abs" {
		t.Errorf("%+v, %v", p, err)
	}
	p, _ = PathsFrom(env("HOME", "/home/j", "AWS_CONFIG_FILE", "/private", "FOB_AWS_CONFIG_FILE", "/mine"))
	if p.Config != "/mine" || p.Credentials != "/home/j/.aws/credentials" {
		t.Errorf("%+v", p)
	}
}

func TestDirectoriesAreForThisUserAlone(t *testing.T) {
	t.Parallel()
	h, err := HomeFrom(func(string) string { return filepath.Join(t.TempDir(), "fob") })
	if err != nil {
		t.Fatal(err)
	}
	if err := h.MakeDirs(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{h.ConfigDir, h.RunDir, h.Locks()} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", dir, info.Mode(), err)
		}
	}
}

func TestHolds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := Home{ConfigDir: filepath.Join(dir, "config"), StateDir: filepath.Join(dir, "state"), RunDir: filepath.Join(dir, "none")}
	for _, name := range []string{"config/sub", "state", "configs"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("config/sub", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"config/x": true, "config/sub/x": true, "state/x": true, "link/x": true, "configs/x": false, "x": false, "none": false,
	} {
		if h.Holds(filepath.Join(dir, path)) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}
