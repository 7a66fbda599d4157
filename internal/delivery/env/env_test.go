package env_test

import (
	"context"
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
