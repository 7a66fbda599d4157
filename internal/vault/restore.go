package vault

import (
	"context"
	"errors"
	"fmt"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// Restore repairs the vault. A damaged or missing vault.json is made again from what the methods
// store. Then, if vault.age does not open, it is replaced by its backup copy. If everything was
// intact, the user is asked whether to go back to the copy.
func (s *Store) Restore(ctx context.Context, ui fob.UI) error {
	return s.alone(ctx, false, ui, func(ui fob.UI) error {
		release, err := s.lockFiles(ctx)
		if err != nil {
			return err
		}
		defer release()
		m, identity, made, err := s.identifyAnyhow(ctx, ui)
		if err != nil {
			return err
		}
		f, err := openVault(s.home, identity, m.Vault)
		if err == nil {
			same := f.copied()
			f.close()
			if made {
				return nil
			}
			if same {
				ui.Tell(ctx, "the vault is in order, and its last good copy is of the same content: there is nothing to restore")
				return nil
			}
			err := ui.Confirm(ctx, fob.Confirmation{
				Title:  "The vault is in order. Go back to its last good copy all the same?",
				Detail: fmt.Sprintf("%s and %s change places; restoring again undoes it.", f.path, f.path+backupSuffix),
			})
			if errors.Is(err, fob.ErrNobody) {
				err = fob.Errorf(fob.ErrNobody, "the vault is in order, and nobody is there to say whether to go back").WithHint("fob vault restore, in a terminal")
			}
			if err != nil {
				return err
			}
		}
		done, err := Restore(ctx, s.home.Vault(), s.home.Locks(), identity)
		if err != nil {
			return err
		}
		ui.Tell(ctx, fmt.Sprintf("the vault is back: %d items from %s", done.Items, done.From))
		if done.Kept != "" {
			ui.Tell(ctx, "what was there before is in "+done.Kept)
		}
		return nil
	})
}

// identifyAnyhow gets the identity even without vault.json, which it then makes again.
func (s *Store) identifyAnyhow(ctx context.Context, ui fob.UI) (m meta, identity fob.Secret, made bool, err error) {
	m, err = readMeta(metaPath(s.home))
	if err == nil {
		m, identity, err = s.identify(ctx, ui)
		return m, identity, false, err
	}
	if errors.Is(err, errNewer) {
		return m, fob.Secret{}, false, err
	}
	m, identity, err = s.guess(ctx, ui)
	if err != nil {
		return m, fob.Secret{}, false, err
	}
	if _, err := atomicfile.SetAside(metaPath(s.home), "damaged"); err != nil {
		return m, fob.Secret{}, false, fob.Errorf(fob.ErrInternal, "cannot set %s aside: %w", metaPath(s.home), err)
	}
	return m, identity, true, writeMeta(metaPath(s.home), m)
}

// guess asks every method for the identity that is named in the header of the vault or of its
// backup copy.
func (s *Store) guess(ctx context.Context, ui fob.UI) (meta, fob.Secret, error) {
	for _, path := range []string{s.home.Vault(), s.home.Vault() + backupSuffix} {
		sealed, err := atomicfile.Read(path)
		if err != nil {
			continue
		}
		label := labelIn(sealed)
		for _, method := range s.methods {
			env := s.env("", Options{}, ui)
			env.Label = label
			identity, err := method.Load(ctx, env)
			if errors.Is(err, fob.ErrCancelled) || ctx.Err() != nil {
				return meta{}, fob.Secret{}, err
			}
			if err != nil {
				continue
			}
			k, err := newKey(identity)
			if err != nil {
				continue
			}
			if doc, err := k.open(sealed); err == nil {
				return meta{Method: method.Name, Vault: doc.vault, Recipient: k.name()}, identity, nil
			}
		}
	}
	return meta{}, fob.Secret{}, fob.Errorf(fob.ErrDamaged, "nothing here opens %s: %s is gone or damaged, and no way of unlocking (%s) has the identity",
		s.home.Vault(), metaPath(s.home), s.names()).WithHint("put back a copy of %s from your backups", metaPath(s.home))
}
