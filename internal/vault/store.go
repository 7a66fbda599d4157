package vault

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"fob/internal/fob"
	"fob/internal/vault/unlock"
)

// Options are choices made when a vault is made.
type Options = unlock.Options

// States of a vault.
const (
	None     = "none"
	Locked   = "locked"
	Unlocked = "unlocked"
)

// Store is the user's vault and cache, and how they are unlocked. Its methods
// are safe for concurrent use.
type Store struct {
	home    fob.Home
	methods []unlock.Method
	// Opened is called each time the vault was unlocked, if it is set. Set it before any
	// method is called.
	Opened func(ctx context.Context, vault *File)

	mu       sync.Mutex
	flight   *flight // the one that is asking the person now
	shut     bool    // locked on purpose: only Unlock opens it again
	locks    int     // how often it was locked
	identity fob.Secret
	vault    *File // nil while locked
	cache    *File
}

// New makes a store for a home. methods are in the order in which a first use
// tries them.
func New(home fob.Home, methods []unlock.Method) *Store {
	return &Store{home: home, methods: methods}
}

// Exists reports whether there is a vault. One whose making was interrupted is
// none yet.
func (s *Store) Exists() bool {
	m, err := readMeta(metaPath(s.home))
	if errors.Is(err, fob.ErrNotFound) {
		_, err := os.Lstat(s.home.Vault())
		return err == nil
	}
	return err != nil || !m.Pending
}

// EnsureUnlocked makes the vault usable: it unlocks it, unless it was locked on
// purpose, and makes one at first use.
func (s *Store) EnsureUnlocked(ctx context.Context, ui fob.UI) error {
	s.mu.Lock()
	open, shut := s.vault != nil, s.shut
	s.mu.Unlock()
	switch {
	case open:
		return nil
	case shut:
		return lockedError()
	}
	return s.alone(ctx, true, ui, func(ui fob.UI) error {
		if !s.Exists() {
			err := s.init(ctx, "", Options{}, ui)
			if !errors.Is(err, fob.ErrConflict) || !s.Exists() {
				return err
			} // else another process made one meanwhile
		}
		return s.unlock(ctx, ui, false)
	})
}

// Shut reports whether the vault was locked on purpose.
func (s *Store) IsLocked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shut
}

// Unlock opens the vault, asking if need be. It does nothing if it is open.
func (s *Store) Unlock(ctx context.Context, ui fob.UI) error {
	return s.alone(ctx, true, ui, func(ui fob.UI) error { return s.unlock(ctx, ui, true) })
}

// unlock runs alone. Only on purpose does it open what was locked on purpose.
func (s *Store) unlock(ctx context.Context, ui fob.UI, onPurpose bool) error {
	s.mu.Lock()
	open, shut, locks := s.vault != nil, s.shut, s.locks
	s.mu.Unlock()
	switch {
	case open:
		return nil
	case shut && !onPurpose:
		return lockedError()
	}
	m, identity, err := s.load(ctx, ui)
	if err != nil {
		return err
	}
	f, err := openVault(s.home, identity, m.Vault)
	if err != nil {
		return err
	}
	if m.Left != nil {
		s.completeInterrupted(ctx, ui)
	}
	if err := s.adopt(f, identity, locks); err != nil {
		return err
	}
	if s.Opened != nil {
		s.Opened(ctx, f)
	}
	return nil
}

// adopt makes an opened vault the store's, unless it was locked since.
func (s *Store) adopt(f *File, identity fob.Secret, locks int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locks != locks {
		f.close()
		return lockedError()
	}
	s.vault, s.identity, s.shut = f, identity, false
	return nil
}

// load gets the identity from the method that keeps it, and checks that it is
// the vault's.
func (s *Store) load(ctx context.Context, ui fob.UI) (meta, fob.Secret, error) {
	m, err := s.meta()
	if err != nil {
		return m, fob.Secret{}, err
	}
	if m.Pending {
		return m, fob.Secret{}, fob.Errorf(fob.ErrNotFound, "the vault was not made to the end").WithHint("fob vault init")
	}
	method, err := s.method(m.Method)
	if err != nil {
		return m, fob.Secret{}, err
	}
	identity, err := method.Load(ctx, s.env(m.Recipient, m.Options, ui))
	if err != nil {
		return m, fob.Secret{}, unlockable(err, m.Method)
	}
	k, err := newKey(identity)
	if err == nil && k.name() != m.Recipient {
		err = fob.Errorf(fob.ErrLocked, "the identity from %s is not the one that %s is sealed to", m.Method, s.home.Vault()).
			WithHint("put back the right identity; fob vault status shows its public half")
	}
	return m, identity, err
}

// meta reads vault.json, without which there may be a vault.age all the same.
func (s *Store) meta() (meta, error) {
	m, err := readMeta(metaPath(s.home))
	if _, e := os.Lstat(s.home.Vault()); e == nil && errors.Is(err, fob.ErrNotFound) {
		err = fob.Errorf(fob.ErrDamaged, "%s is gone: nothing says how %s is unlocked", metaPath(s.home), s.home.Vault()).
			WithHint("fob vault restore, which makes it anew")
	}
	return m, err
}

// unlockable makes a missing identity what it is to a caller: a vault that
// cannot be unlocked, and nothing else; the cause would make it not found.
func unlockable(err error, method string) error {
	if errors.Is(err, fob.ErrNotFound) {
		return fob.Errorf(fob.ErrLocked, "the vault's identity is not there (%s): %v", method, err).WithHint("%s", fob.HintOf(err))
	}
	return err
}

func (s *Store) env(recipient string, opts Options, ui fob.UI) unlock.Env {
	return unlock.Env{Dir: s.home.DataDir, Label: labelOf(recipient), UI: ui, Options: opts}
}

func (s *Store) method(name string) (unlock.Method, error) {
	for _, m := range s.methods {
		if m.Name == name {
			return m, nil
		}
	}
	return unlock.Method{}, fob.Errorf(fob.ErrUsage, "%q is no way of unlocking a vault", name).WithHint("one of: %s", s.names())
}

// Lock forgets the identity and everything that was decrypted. The vault stays
// locked until Unlock.
func (s *Store) Lock() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range []*File{s.vault, s.cache} {
		if f != nil {
			f.close()
		}
	}
	s.vault, s.cache, s.identity = nil, nil, fob.Secret{}
	s.shut = true
	s.locks++
}

// Vault returns the file of long-lived secrets, fob.ErrLocked while it is not
// unlocked.
func (s *Store) Vault() (*File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.vault == nil {
		return nil, lockedError()
	}
	return s.vault, nil
}

// Cache returns the file of temporary credentials, which is made when it is
// missing. One that cannot be read is set aside and started afresh: what is in
// it can be had again.
func (s *Store) Cache() (*File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.vault == nil {
		return nil, lockedError()
	}
	if s.cache != nil {
		if _, err := s.cache.Generation(); err == nil {
			return s.cache, nil
		}
		s.cache.close()
		s.cache = nil
	}
	f, err := openCache(s.home, s.identity, s.vault.id()+"/cache")
	if err == nil {
		s.cache = f
	}
	return f, err
}

// openCache opens the cache of a vault, or makes one. Several processes may do
// so at once, so each looks again after the other was first.
func openCache(home fob.Home, identity fob.Secret, id string) (f *File, err error) {
	path, locks := home.Cache(), home.Locks()
	for range 3 {
		f, err = open(path, locks, identity, id, false)
		if err == nil {
			return f, nil
		}
		var unread *fs.PathError
		if errors.As(err, &unread) {
			return nil, err // out of descriptors, say: nothing is wrong with the file
		}
		if !errors.Is(err, fob.ErrNotFound) {
			if e := os.Rename(path, path+".damaged"); e != nil && !errors.Is(e, os.ErrNotExist) {
				return nil, err
			}
		}
		if f, err = create(path, locks, identity, id, false); !errors.Is(err, fob.ErrConflict) {
			return f, err
		}
	}
	return nil, err
}

// openVault opens the vault that vault.json speaks of, which therefore was there.
func openVault(home fob.Home, identity fob.Secret, id string) (*File, error) {
	f, err := open(home.Vault(), home.Locks(), identity, id, true)
	if !errors.Is(err, fob.ErrNotFound) {
		return f, err
	}
	hint := fob.HintOf(err)
	if hint == "" {
		hint = "put back a copy of it from your backups"
	}
	return nil, fob.Errorf(fob.ErrDamaged, "%s is gone", home.Vault()).WithHint("%s", hint)
}

func (s *Store) makeDirs() error {
	if err := s.home.MakeDirs(); err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot make fob's directories: %w", err)
	}
	return nil
}

// lockFiles keeps other processes from making or mending the vault at the same
// time.
func (s *Store) lockFiles(ctx context.Context) (release func(), err error) {
	if err := s.makeDirs(); err != nil {
		return nil, err
	}
	f := &File{path: metaPath(s.home), lockPath: filepath.Join(s.home.Locks(), "vault.json.lock"), writing: make(chan struct{}, 1)}
	return f.lock(ctx)
}

func lockedError() error {
	return fob.Errorf(fob.ErrLocked, "the vault is locked").WithHint("fob unlock")
}
