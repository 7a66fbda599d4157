package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"fob/internal/atomicfile"
	"fob/internal/fob"
	"fob/internal/vault/unlock"
)

// Init makes a vault and leaves it unlocked. The identity is stored by the named method or, without
// a name, by the first of the methods that works here; the user is told which. The error is
// fob.ErrConflict if there is a vault.
//
// It may be killed at any point. The steps: write vault.json, marked as pending; store the
// identity; write an empty vault.age; remove the mark. Until the last step there is no vault
// ([Store.Exists]); the next attempt starts again with a new identity, and renames what was left.
func (s *Store) Init(ctx context.Context, method string, opts Options, ui fob.UI) (Status, error) {
	err := s.alone(ctx, false, ui, func(ui fob.UI) error { return s.init(ctx, method, opts, ui) })
	return s.Status(ctx), err
}

// init is Init while alone holds.
func (s *Store) init(ctx context.Context, method string, opts Options, ui fob.UI) error {
	candidates, err := s.candidates(method)
	if err != nil {
		return err
	}
	release, err := s.lockFiles(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := s.clear(); err != nil {
		return err
	}
	var why []error
	for _, m := range candidates {
		err := s.initWith(ctx, m, opts, ui)
		if err == nil {
			if method == "" {
				ui.Tell(ctx, fmt.Sprintf("made a vault, unlocked with %s: %s", m.Name, m.Doc))
			}
			return nil
		}
		if method != "" || errors.Is(err, fob.ErrCancelled) || ctx.Err() != nil {
			return err
		}
		ui.Tell(ctx, fmt.Sprintf("%s cannot keep the vault's identity: %v", m.Name, err))
		why = append(why, err)
	}
	return noneWorks(candidates, why)
}

// noneWorks explains why no method works. The last reason is one that the user can change: a
// passphrase works anywhere.
func noneWorks(tried []unlock.Method, why []error) error {
	if len(why) == 0 {
		return fob.Errorf(fob.ErrUsage, "no way of unlocking a vault is chosen by itself")
	}
	parts := make([]string, len(why))
	for i, err := range why {
		parts[i] = tried[i].Name + ": " + err.Error()
	}
	last := why[len(why)-1]
	return &fob.Error{
		Kind: fob.OutcomeOf(last).Kind, Cause: last, Message: "cannot make a vault (" + strings.Join(parts, "; ") + ")",
		Hint: "fob vault init, in a terminal; or fob vault init --unlock file",
	}
}

// candidates are the methods to try.
func (s *Store) candidates(name string) ([]unlock.Method, error) {
	if name != "" {
		m, err := s.method(name)
		return []unlock.Method{m}, err
	}
	var all []unlock.Method
	for _, m := range s.methods {
		if !m.OnlyNamed {
			all = append(all, m)
		}
	}
	return all, nil
}

func (s *Store) names() string {
	names := make([]string, len(s.methods))
	for i, m := range s.methods {
		names[i] = m.Name
	}
	return strings.Join(names, ", ")
}

// clear makes room for a new vault: it fails if there is one, and renames what an interrupted
// attempt left. A stored identity is not deleted, because it might still be needed.
func (s *Store) clear() error {
	m, err := readMeta(metaPath(s.home))
	switch {
	case err == nil && !m.Pending:
		return fob.Errorf(fob.ErrConflict, "there is a vault already: %s", s.home.Vault()).WithHint("fob vault status")
	case err == nil:
		if method, err := s.method(m.Method); err == nil && method.Tidy != nil {
			method.Tidy(s.env(m.Recipient, m.Options, fob.UI{}))
		}
		if _, err := atomicfile.SetAside(s.home.Vault(), "unfinished"); err != nil {
			return fob.Errorf(fob.ErrInternal, "cannot set %s aside: %w", s.home.Vault(), err)
		}
		return nil
	case !errors.Is(err, fob.ErrNotFound):
		return err
	}
	if _, err := os.Lstat(s.home.Vault()); err == nil {
		return fob.Errorf(fob.ErrConflict, "there is a vault already, but %s is gone", metaPath(s.home)).
			WithHint("fob vault restore, which makes it anew")
	}
	return nil
}

// initWith makes a vault with one method.
func (s *Store) initWith(ctx context.Context, method unlock.Method, opts Options, ui fob.UI) (err error) {
	s.mu.Lock()
	locks := s.locks
	s.mu.Unlock()
	env := unlock.Env{Dir: s.home.DataDir, UI: ui, Options: opts}
	if err := method.Works(ctx, env); err != nil {
		return err
	}
	identity, err := NewIdentity()
	if method.Existing && err == nil {
		if have, e := method.Load(ctx, env); e == nil {
			identity = have
		} else if !errors.Is(e, fob.ErrNotFound) {
			return e
		}
	}
	if err != nil {
		return err
	}
	k, err := newKey(identity)
	if err != nil {
		return err
	}
	m := meta{Method: method.Name, Vault: newID(), Recipient: k.name(), Options: opts, Pending: true}
	if err := writeMeta(metaPath(s.home), m); err != nil {
		return err
	}
	env = s.env(m.Recipient, opts, ui)
	if err := method.Store(ctx, env, identity); err != nil {
		_ = atomicfile.Remove(metaPath(s.home))
		return err
	}
	f, err := create(s.home.Vault(), s.home.Locks(), identity, m.Vault, true)
	if err != nil {
		return err
	}
	m.Pending = false
	if err := writeMeta(metaPath(s.home), m); err != nil {
		return err
	}
	return s.adopt(f, identity, locks)
}
