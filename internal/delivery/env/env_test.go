package env_test

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fob/internal/delivery"
	"fob/internal/delivery/env"
	"fob/internal/fob"
	"fob/internal/shell"
)

func session() fob.Credentials {
	return fob.Credentials{AccessKeyID: "ASIAXXXXXXXXXXXXXXXX", SecretAccessKey: fob.NewSecret("FOBSECRETMARKER/+="),
		SessionToken: fob.NewSecret("FOBSECRETMARKERtoken'\\$`!%\"//+=="), Expiration: time.Now().Add(time.Hour), AccountID: "111122223333"}
}

func grant(c fob.Credentials, err error) delivery.Grant {
	return delivery.Grant{
		Profile:     fob.Profile{Name: "prod", Keys: map[string]string{"region": "eu-west-1"}},
		Credentials: func(context.Context) (fob.Credentials, error) { return c, err },
		Now:         time.Now(),
	}
}

// A shell reads back the same values, whatever characters they contain.
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
		g := grant(c, nil)
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
		g := grant(session(), nil)
		g.Options = map[string]string{"format": format}
		d, err := env.Way().Hand(t.Context(), g)
		if err != nil || !strings.Contains(d.Stdout, "AWS_ACCESS_KEY_ID") || !strings.HasSuffix(d.Stdout, "\n") {
			t.Errorf("%s: %v", format, err)
		}
	}
	g := grant(session(), nil)
	g.Options = map[string]string{"format": "bogus"}
	if _, err := env.Way().Hand(t.Context(), g); !errors.Is(err, fob.ErrUsage) {
		t.Error(err)
	}
	c := session()
	c.SessionToken = fob.NewSecret("a\nb")
	if d, err := env.Way().Hand(t.Context(), grant(c, nil)); err == nil || d.Stdout != "" {
		t.Error("a newline reached a shell")
	}
}

// The variables are the credentials and the profile's region and endpoints; variables that an SDK
// would prefer are unset.
func TestVariables(t *testing.T) {
	t.Parallel()
	c := session()
	g := grant(c, nil)
	g.Profile.Endpoints = map[string]string{"": "http://127.0.0.1:4566", "sso_oidc": "http://127.0.0.1:4567"}
	g.Options = map[string]string{"format": "json"}
	d, err := env.Way().Hand(t.Context(), g)
	if err != nil || d.Warning != "" {
		t.Fatal(err, d.Warning)
	}
	var got map[string]string
	if err := json.Unmarshal([]byte(d.Stdout), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"AWS_ACCESS_KEY_ID": c.AccessKeyID, "AWS_SECRET_ACCESS_KEY": c.SecretAccessKey.Reveal(), "AWS_SESSION_TOKEN": c.SessionToken.Reveal(),
		"AWS_CREDENTIAL_EXPIRATION": c.Expiration.UTC().Format(time.RFC3339), "AWS_ACCOUNT_ID": c.AccountID,
		"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
		"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ENDPOINT_URL_SSO_OIDC": "http://127.0.0.1:4567",
		"FOB_ENDPOINTS": "AWS_ENDPOINT_URL AWS_ENDPOINT_URL_SSO_OIDC",
	} {
		if got[name] != want {
			t.Errorf("%s is not what was granted", name) // not printed: it may be a secret
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("%d variables more", len(got))
	}
	g.Options = nil // POSIX
	if d, err = env.Way().Hand(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"AWS_PROFILE", "AWS_SECURITY_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE"} {
		if !strings.Contains(d.Stdout, "unset "+name+"\n") {
			t.Errorf("%s stays", name)
		}
	}
	if strings.Contains(d.Stdout, "unset AWS_ACCESS_KEY_ID\n") {
		t.Error("what is set is unset")
	}
}

// Long-lived keys come with a warning, and AWS_SESSION_TOKEN is unset.
func TestOwnKeys(t *testing.T) {
	t.Parallel()
	own := fob.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: fob.NewSecret("FOBSECRETMARKERown")}
	d, err := env.Way().Hand(t.Context(), grant(own, nil))
	if err != nil || !strings.Contains(d.Warning, "long-lived") || !strings.Contains(d.Stdout, "unset AWS_SESSION_TOKEN\n") {
		t.Errorf("%v, warning %q", err, d.Warning)
	}
	if d, err := env.Way().Hand(t.Context(), grant(fob.Credentials{}, fob.ErrLocked)); !errors.Is(err, fob.ErrLocked) || d.Stdout != "" {
		t.Errorf("no credentials: %v", err)
	}
}
