// Package unlocktest is the test suite that every unlock method passes.
package unlocktest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"filippo.io/age"

	"fob/internal/fob"
	"fob/internal/vault/unlock"
)

// Marker is in every secret of fob's tests, so that one search finds leaks.
const Marker = "FOBSECRETMARKER"

// Phrase is the passphrase that [Person] gives.
const Phrase = Marker + "-passphrase"

// Person answers every question with Phrase.
func Person() fob.UI {
	return fob.UI{
		AskFunc:     func(context.Context, fob.Question) (fob.Secret, error) { return fob.NewSecret(Phrase), nil },
		ConfirmFunc: func(context.Context, fob.Confirmation) error { return nil },
		TellFunc:    func(context.Context, string) {},
	}
}

// Identity makes an identity.
func Identity(t testing.TB) fob.Secret {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return fob.NewSecret(id.String())
}

// Run tests a method. start returns, for each test, a new one in working order; its Env is for one
// vault, with a person present.
func Run(t *testing.T, start func(t *testing.T) (unlock.Method, unlock.Env)) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, m unlock.Method, env unlock.Env)
	}{
		{"described", described},
		{"works", func(t *testing.T, m unlock.Method, env unlock.Env) { ok(t, m.Works(t.Context(), env)) }},
		{"nothing is kept at first", nothing},
		{"gives back what was stored", roundTrip},
		{"forgets", forgets},
		{"checks without asking", checks},
		{"keeps vaults apart", apart},
		{"a cancelled caller is not served", cancelled},
		{"nobody there: an answer or a typed error", nobody},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, env := start(t)
			c.test(t, m, env)
		})
	}
}

func described(t *testing.T, m unlock.Method, _ unlock.Env) {
	if m.Name == "" || m.Name != strings.ToLower(m.Name) || m.Doc == "" || strings.HasSuffix(m.Doc, ".") {
		t.Errorf("name %q, doc %q", m.Name, m.Doc)
	}
	if m.Works == nil || m.Store == nil || m.Load == nil || m.Forget == nil {
		t.Error("a function is missing")
	}
}

func nothing(t *testing.T, m unlock.Method, env unlock.Env) {
	_, err := m.Load(t.Context(), env)
	is(t, err, fob.ErrNotFound)
	if fob.HintOf(err) == "" {
		t.Errorf("no hint: %v", err)
	}
	ok(t, m.Forget(t.Context(), env))
}

func roundTrip(t *testing.T, m unlock.Method, env unlock.Env) {
	want := Identity(t)
	ok(t, m.Store(t.Context(), env, want))
	for range 2 {
		have, err := m.Load(t.Context(), env)
		ok(t, err)
		if !have.Equal(want) {
			t.Error("another identity came back")
		}
	}
}

func forgets(t *testing.T, m unlock.Method, env unlock.Env) {
	ok(t, m.Store(t.Context(), env, Identity(t)))
	ok(t, m.Forget(t.Context(), env))
	_, err := m.Load(t.Context(), env)
	is(t, err, fob.ErrNotFound)
	ok(t, m.Forget(t.Context(), env))
}

func checks(t *testing.T, m unlock.Method, env unlock.Env) {
	if m.Check == nil {
		return // nothing can be known without asking
	}
	there := env
	env.UI = fob.UI{}
	is(t, m.Check(t.Context(), env), fob.ErrNotFound)
	ok(t, m.Store(t.Context(), there, Identity(t)))
	ok(t, m.Check(t.Context(), env))
}

func apart(t *testing.T, m unlock.Method, env unlock.Env) {
	other := env
	other.Dir, other.Label = t.TempDir(), env.Label+"-other"
	a, b := Identity(t), Identity(t)
	ok(t, m.Store(t.Context(), env, a))
	ok(t, m.Store(t.Context(), other, b))
	for _, c := range []struct {
		env  unlock.Env
		want fob.Secret
	}{{env, a}, {other, b}} {
		have, err := m.Load(t.Context(), c.env)
		ok(t, err)
		if !have.Equal(c.want) {
			t.Errorf("%s has another's identity", c.env.Label)
		}
	}
}

func cancelled(t *testing.T, m unlock.Method, env unlock.Env) {
	identity := Identity(t)
	ok(t, m.Store(t.Context(), env, identity))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Load(ctx, env); err != nil {
		is(t, err, context.Canceled)
	}
}

func nobody(t *testing.T, m unlock.Method, env unlock.Env) {
	identity := Identity(t)
	ok(t, m.Store(t.Context(), env, identity))
	env.UI = fob.UI{}
	have, err := m.Load(t.Context(), env)
	if err == nil {
		if !have.Equal(identity) {
			t.Error("another identity came back")
		}
		return
	}
	if !errors.Is(err, fob.ErrNobody) && !errors.Is(err, fob.ErrLocked) || fob.HintOf(err) == "" {
		t.Errorf("%v (hint %q)", err, fob.HintOf(err))
	}
	if text := fmt.Sprintf("%v %+v %s", err, err, fob.HintOf(err)); strings.Contains(text, identity.Reveal()) {
		t.Error("the error has the identity in it")
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v (hint: %s)", err, fob.HintOf(err))
	}
}

func is(t *testing.T, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("%v, want %v", err, kind)
	}
}
