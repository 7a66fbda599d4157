//go:build unix

package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fob/internal/api"
	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/profile"
)

// printed is a principal whose secret key is what its program prints.
type printed struct {
	p   fob.Profile
	env principal.Env
}

func (p printed) Credentials(ctx context.Context) (fob.Credentials, error) {
	out, err := p.env.Run(ctx, principal.Command{Key: "saml_process", Line: p.p.Get("saml_process")})
	return fob.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: out}, err
}

// A kind may run a program: with the consent of who asks for the credentials, and not for
// a profile whose own program asks for it.
func TestKindRunsAProgram(t *testing.T) {
	t.Parallel()
	a, ctx := newAgent(t)
	a.kinds = append(a.kinds, principal.Kind{Name: "printed", Match: func(p fob.Profile) bool { return p.Get("saml_process") != "" },
		Yields: func(fob.Profile) principal.Yield { return principal.StaticKeys },
		Open:   func(p fob.Profile, env principal.Env) (principal.Principal, error) { return printed{p, env}, nil }})
	a.files = profile.New(a.home, a.kinds, directory.NewStore(a.home))
	program := filepath.Join(a.home.DataDir, "prog")
	err := os.WriteFile(program, []byte("#!/bin/sh\necho \"$FOB_CALLED_FOR\"\n"), 0o700)
	if err == nil {
		err = os.WriteFile(a.home.Config(), []byte("[profile x]\nsaml_process = "+program+"\n[profile y]\nsaml_process = "+program+"\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	consents := fob.UI{ID: 1, ConfirmFunc: func(context.Context, fob.Confirmation) error { asked++; return nil }}
	get := func(name, calledFor string, ui fob.UI) (string, error) {
		r := &request{conn: aConn(&script{Reader: strings.NewReader("")}), caller: api.Caller{CalledFor: calledFor}, ui: ui}
		c, err := a.principalChain(name, r)
		if err != nil {
			return "", err
		}
		creds, err := a.broker.Credentials(ctx, c, fob.Request{Profile: name, Callers: r.callers()}, ui)
		return strings.TrimSpace(creds.SecretAccessKey.Reveal()), err
	}
	if _, err := get("x", "", fob.UI{}); !errors.Is(err, fob.ErrNobody) {
		t.Errorf("nobody was asked: %v", err)
	}
	for range 2 {
		if out, err := get("x", "", consents); out != `["x"]` || err != nil || asked != 1 {
			t.Errorf("%q, %v, asked %d times", out, err, asked)
		}
	}
	if out, err := get("x", "", fob.UI{}); out != `["x"]` || err != nil {
		t.Errorf("once somebody has consented: %q, %v", out, err)
	}
	if out, err := get("y", `["x"]`, consents); out != `["x","y"]` || err != nil {
		t.Errorf("another profile's program: %q, %v", out, err)
	}
	for _, calledFor := range []string{`["x"]`, `["y","x"]`} {
		if _, err := get("x", calledFor, consents); !errors.Is(err, fob.ErrUsage) || !strings.Contains(err.Error(), `"x"`) {
			t.Errorf("a loop: %v", err)
		}
	}
}
