package vault

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"fob/internal/fob"
)

// Status is what is known of a vault without opening it, and the number of its items if it is open.
type Status struct {
	Exists     bool
	State      string // none, locked, unlocked
	Method     string
	Recipient  string // the public half of the identity
	Path       string
	Items      *int    // nil: unknown, because it is not open
	Generation *uint64 // the same
	Problem    string
	Hint       string
}

// Status returns the state of the vault. It asks no person.
func (s *Store) Status(ctx context.Context) Status {
	st := Status{Exists: s.Exists(), State: None, Path: s.home.Vault()}
	if !st.Exists {
		return st
	}
	st.State = Locked
	m, err := s.meta()
	st.Method, st.Recipient = m.Method, m.Recipient
	s.mu.Lock()
	f := s.vault
	s.mu.Unlock()
	switch {
	case err != nil:
	case f != nil:
		st.State = Unlocked
		err = st.count(f)
	default:
		err = s.missing()
	}
	if err == nil {
		err = s.check(ctx, m)
	}
	if err != nil {
		st.Problem, st.Hint = err.Error(), fob.HintOf(err)
	}
	return st
}

func (st *Status) count(f *File) error {
	names, err := f.Names()
	if err != nil {
		return err
	}
	generation, err := f.Generation()
	if err != nil {
		return err
	}
	n := len(names)
	st.Items, st.Generation = &n, &generation
	return nil
}

// missing returns an error if the file is not there, which is known without unlocking.
func (s *Store) missing() error {
	path := s.home.Vault()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	gone := fob.Errorf(fob.ErrDamaged, "%s is gone", path)
	if _, err := os.Stat(path + backupSuffix); err == nil {
		return gone.WithHint("fob vault restore, which puts the last good copy in its place")
	}
	return gone.WithHint("put back a copy of it from your backups")
}

// check checks what the method stores, as far as possible without asking.
func (s *Store) check(ctx context.Context, m meta) error {
	method, err := s.method(m.Method)
	if err != nil || method.Check == nil {
		return err
	}
	return unlockable(method.Check(ctx, s.env(m.Recipient, m.Options, fob.UI{})), m.Method)
}

// Report is the result of [Store.Verify].
type Report struct {
	OK     bool
	Vault  Check
	Backup Check
	Cache  Check
}

// Check is the state of one encrypted file.
type Check struct {
	Path       string
	Exists     bool
	OK         bool // also true for an optional file that is missing
	Items      int
	Generation uint64
	Problem    string
}

// Verify decrypts the vault, its backup copy and the cache, and changes nothing. If the vault is
// locked it asks for the identity, and leaves the vault locked. The error is the vault's own.
func (s *Store) Verify(ctx context.Context, ui fob.UI) (Report, error) {
	var r Report
	err := s.alone(ctx, false, ui, func(ui fob.UI) error {
		m, identity, err := s.identify(ctx, ui)
		if err != nil {
			return err
		}
		var bad error
		r.Vault, bad = s.inspect(s.home.Vault(), identity, m.Vault, true)
		if !r.Vault.Exists {
			r.Vault.OK = false
		}
		r.Backup, _ = s.inspect(s.home.Vault()+backupSuffix, identity, m.Vault, false)
		r.Cache, _ = s.inspect(s.home.Cache(), identity, m.Vault+"/cache", false)
		r.OK = r.Vault.OK && r.Backup.OK && r.Cache.OK
		return bad
	})
	return r, err
}

func (s *Store) inspect(path string, identity fob.Secret, id string, vault bool) (Check, error) {
	c := Check{Path: path}
	if _, err := os.Lstat(path); err == nil {
		c.Exists = true
	}
	var f *File
	var err error
	if vault {
		f, err = openVault(s.home, identity, id)
	} else {
		f, err = open(path, s.home.Locks(), identity, id, false)
	}
	if err == nil {
		defer f.close()
		c.OK, c.Items, c.Generation = true, len(f.doc.items), f.doc.generation
		return c, nil
	}
	c.OK = !vault && errors.Is(err, fob.ErrNotFound)
	if !c.OK {
		c.Problem = err.Error()
	}
	return c, err
}

// identify returns the vault's identity: the one in memory, else the one from its method.
func (s *Store) identify(ctx context.Context, ui fob.UI) (meta, fob.Secret, error) {
	s.mu.Lock()
	identity := s.identity
	s.mu.Unlock()
	m, err := s.meta()
	if err == nil && !identity.IsZero() {
		if k, e := newKey(identity); e == nil && k.name() == m.Recipient {
			return m, identity, nil
		}
	}
	return s.load(ctx, ui)
}
