package vault

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fob/internal/fob"
	"fob/internal/vault/unlock"
)

// Passwd changes the passphrase; the error is fob.ErrUsage for methods without one. The identity
// stays the same, so an older copy of the encrypted identity still opens with the older passphrase.
func (s *Store) Passwd(ctx context.Context, ui fob.UI) error {
	return s.alone(ctx, false, ui, func(ui fob.UI) error {
		release, err := s.lockFiles(ctx)
		if err != nil {
			return err
		}
		defer release()
		m, err := s.meta()
		if err != nil {
			return err
		}
		method, err := s.method(m.Method)
		if err != nil {
			return err
		}
		if method.Change == nil {
			return fob.Errorf(fob.ErrUsage, "the vault is unlocked with %s, which has no passphrase of fob's", m.Method).
				WithHint("fob vault passwd --unlock passphrase, for a vault that has one")
		}
		return unlockable(method.Change(ctx, s.env(m.Recipient, m.Options, ui)), m.Method)
	})
}

// Change stores the vault's identity with another unlock method, or with the same method in another
// place, and deletes it from the old one. The identity itself stays the same, so that copies of the
// vault and of the identity still fit.
//
// It may be killed at any point. The steps: write vault.json with the new method as the one to
// delete from; store the identity with the new method; write vault.json with the new method in use
// and the old one to delete from; delete; write vault.json without the old one. Until the third
// step the vault opens with the old method, then with the new one. The next unlock completes what
// was interrupted.
func (s *Store) Change(ctx context.Context, name string, opts Options, ui fob.UI) error {
	return s.alone(ctx, false, ui, func(ui fob.UI) error {
		method, err := s.method(name)
		if err != nil {
			return err
		}
		release, err := s.lockFiles(ctx)
		if err != nil {
			return err
		}
		defer release()
		m, err := s.meta()
		if err != nil {
			return err
		}
		env := s.env(m.Recipient, opts, ui)
		if m.Method == name && (method.Elsewhere == nil || !method.Elsewhere(s.env(m.Recipient, m.Options, ui), env)) {
			return already(method) // deleting from the old place would delete from the new one
		}
		// Reload the identity from its store and do not use the one in memory: someone at an
		// unlocked agent must not be able to give themselves lasting access to the vault.
		m, identity, err := s.load(ctx, ui)
		if err != nil {
			return err
		}
		if err := s.completeChange(ctx, &m, ui); err != nil {
			return err
		}
		old := kept{m.Method, m.Options}
		if err = free(ctx, method, env, identity); err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return forChange(err)
		}
		m.Left = &kept{name, opts}
		if err := writeMeta(metaPath(s.home), m); err != nil {
			return err
		}
		if err = method.Store(ctx, env, identity); err == nil {
			err = ctx.Err() // after Ctrl-C nothing must change
		}
		if err != nil {
			if e := s.completeChange(context.WithoutCancel(ctx), &m, ui); e != nil {
				return fob.Errorf(fob.OutcomeOf(err).Kind, "nothing was changed (%v), but %w", err, e)
			}
			return forChange(err)
		}
		m.Left, m.Method, m.Options = &old, name, opts
		if err := writeMeta(metaPath(s.home), m); err != nil {
			return err
		}
		return s.completeChange(ctx, &m, ui)
	})
}

// free returns why a method cannot store the identity: it does not work here, or another identity
// is stored there, which would be lost.
func free(ctx context.Context, method unlock.Method, env unlock.Env, identity fob.Secret) error {
	if err := method.Works(ctx, env); err != nil || !method.Existing {
		return err
	}
	have, err := method.Load(ctx, env)
	switch {
	case errors.Is(err, fob.ErrNotFound) || err == nil && have.Equal(identity):
		return nil
	case err != nil:
		return err
	}
	return fob.Errorf(fob.ErrConflict, "%s keeps another identity there already", method.Name).WithHint("fob vault passwd --unlock %s --identity ANOTHER-PATH", method.Name)
}

// already is the error for a change that changes nothing; the hint says what can be changed.
func already(method unlock.Method) error {
	hint := "fob vault status"
	switch {
	case method.Change != nil:
		hint = "fob vault passwd, for a new passphrase; " + hint
	case method.Elsewhere != nil:
		hint = "fob vault passwd --unlock " + method.Name + " --identity ANOTHER-PATH, to move it; " + hint
	}
	return fob.Errorf(fob.ErrConflict, "the vault is unlocked with %s already", method.Name).WithHint("%s", hint)
}

// forChange adapts hints that are written for making a new vault.
func forChange(err error) error {
	var e *fob.Error
	if !errors.As(err, &e) {
		return err
	}
	fit := *e
	fit.Hint = strings.ReplaceAll(e.Hint, "fob vault init", "fob vault passwd")
	return &fit
}

// completeChange deletes the identity from the method that was replaced, if that was not done yet.
// The caller holds the lock of the files.
func (s *Store) completeChange(ctx context.Context, m *meta, ui fob.UI) error {
	if m.Left == nil {
		return nil
	}
	if method, err := s.method(m.Left.Method); err == nil && *m.Left != (kept{m.Method, m.Options}) {
		env := s.env(m.Recipient, m.Left.Options, ui)
		if method.Tidy != nil {
			method.Tidy(env)
		}
		if err := method.Forget(ctx, env); err != nil {
			return fob.Errorf(fob.OutcomeOf(err).Kind, "%s still keeps the vault's identity: %v", method.Name, err).WithHint("fob unlock, to try again")
		}
		s.tellRest(ctx, method, env)
	}
	m.Left = nil
	return writeMeta(metaPath(s.home), *m)
}

// tellRest tells the user what is not deleted: an identity file that the user named remains.
func (s *Store) tellRest(ctx context.Context, method unlock.Method, env unlock.Env) {
	if method.Check == nil {
		return
	}
	if rest := method.Check(ctx, env); rest == nil {
		env.UI.Tell(ctx, fmt.Sprintf("the vault's identity is still in %s: remove it if nothing else needs it", env.Options.IdentityFile))
	}
}

// completeInterrupted completes an interrupted change of method after an unlock. The user is told
// of errors, and the next unlock tries again.
func (s *Store) completeInterrupted(ctx context.Context, ui fob.UI) {
	release, err := s.lockFiles(ctx)
	if err == nil {
		defer release()
		var m meta
		if m, err = s.meta(); err == nil {
			err = s.completeChange(ctx, &m, ui)
		}
	}
	if err != nil {
		ui.Tell(ctx, err.Error())
	}
}
