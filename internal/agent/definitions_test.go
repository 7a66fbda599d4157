package agent

import (
	"context"
	"errors"
	"os"
	"testing"

	"fob/internal/api"
	"fob/internal/fob"
)

const (
	someKey = "AKIAIOSFODNN7EXAMPLE"
	first   = "FOBSECRETMARKERfirst"
	second  = "FOBSECRETMARKERsecond"
)

// adding adds a user's definition; ask answers the question for the secret.
func adding(t *testing.T, a *Agent, p api.AddParams, ask func() string) error {
	t.Helper()
	p.Kind, p.Keys = "user", map[string]string{"aws_access_key_id": someKey}
	ui := fob.UI{AskFunc: func(context.Context, fob.Question) (fob.Secret, error) { return fob.NewSecret(ask()), nil }}
	_, err := a.add(t.Context(), &request{ui: ui}, p)
	return err
}

func answer(secret string) func() string { return func() string { return secret } }

// kept returns the secret in the vault, or "".
func kept(t *testing.T, a *Agent) string {
	t.Helper()
	v, err := a.vault.Vault()
	if err != nil {
		t.Fatal(err)
	}
	secret, err := v.Get(fob.KeyItem(someKey))
	if err != nil && !errors.Is(err, fob.ErrNotFound) {
		t.Fatal(err)
	}
	return secret.Reveal()
}

// If a definition cannot be written the vault is unchanged, with or without an earlier secret.
func TestAddThatFailsKeepsTheSecret(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{"new key": "", "known key": first} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := newAgent(t)
			if before != "" {
				if err := adding(t, a, api.AddParams{Name: "one"}, answer(before)); err != nil {
					t.Fatal(err)
				}
			}
			err := adding(t, a, api.AddParams{Name: "two", Force: true}, func() string {
				// While the person types, the file becomes impossible to write.
				_ = os.Remove(a.home.Config())
				if err := os.Mkdir(a.home.Config(), 0o700); err != nil {
					t.Fatal(err)
				}
				return second
			})
			if err == nil {
				t.Fatal("a definition was written into a directory")
			}
			if kept(t, a) != before {
				t.Error("the vault has another secret than before")
			}
		})
	}
}

// A key has one secret: a different one is refused while another profile uses the first.
func TestAddRefusesASecondSecret(t *testing.T) {
	t.Parallel()
	a, _ := newAgent(t)
	for _, step := range []struct {
		params api.AddParams
		secret string
		err    error
		want   string
	}{
		{api.AddParams{Name: "one"}, first, nil, first},
		{api.AddParams{Name: "two"}, second, fob.ErrConflict, first},
		{api.AddParams{Name: "two"}, first, nil, first},
		{api.AddParams{Name: "one", Force: true}, second, nil, second},
	} {
		if err := adding(t, a, step.params, answer(step.secret)); !errors.Is(err, step.err) || step.err != nil && fob.HintOf(err) == "" {
			t.Fatalf("%s: %v", step.params.Name, err)
		}
		if kept(t, a) != step.want {
			t.Fatalf("after %s the vault has another secret", step.params.Name)
		}
	}
}

// A profile that cannot be resolved at present still needs its secret.
func TestAddRefusesASecondSecretOfABrokenProfile(t *testing.T) {
	t.Parallel()
	a, _ := newAgent(t)
	if err := adding(t, a, api.AddParams{Name: "one"}, answer(first)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(a.home.Config())
	if err == nil {
		err = os.WriteFile(a.home.Config(), append(text, "include_profile = gone\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := adding(t, a, api.AddParams{Name: "two"}, answer(second)); !errors.Is(err, fob.ErrConflict) || kept(t, a) != first {
		t.Error(err)
	}
}

// A name that cannot be written into a file is refused before anything is asked.
func TestAddRefusesANameFirst(t *testing.T) {
	t.Parallel()
	a, _ := newAgent(t)
	for _, name := range []string{"b d", "a]b", "", "line\nfeed"} {
		err := adding(t, a, api.AddParams{Name: name}, func() string {
			t.Errorf("%q: a secret was asked for", name)
			return second
		})
		if !errors.Is(err, fob.ErrUsage) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if kept(t, a) != "" {
		t.Error("a secret is left")
	}
}
