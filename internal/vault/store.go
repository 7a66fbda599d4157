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

// Options are the choices made when a vault is made.
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
	// Opened, if set, is called after each unlock. Set it before any method is called.
	Opened func(ctx context.Context, vault *File)

	mu       sync.Mutex
	flight   *flight // the operation that may be asking a person
	shut     bool    // locked by the user: only Unlock opens it again
	locks    int     // how often it was locked
	identity fob.Secret
	vault    *File // nil while locked
	cache    *File
}

// New makes a store for a home. A first use tries the methods in their order.
func New(home fob.Home, methods []unlock.Method) *Store {
	return &Store{home: home, methods: methods}
}

// Exists reports whether there is a vault. One that was not completely made does not count.
func (s *Store) Exists() bool {
	m, err := readMeta(metaPath(s.home))
	if errors.Is(err, fob.ErrNotFound) {
		_, err := os.Lstat(s.home.Vault())
		return err == nil
	}
	return err != nil || !m.Pending
}

// EnsureUnlocked unlocks the vault, unless the user locked it, and makes a vault at first use.
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

// IsLocked reports whether the user locked the vault.
func (s *Store) IsLocked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shut
}

// Unlock opens the vault, and asks the user if necessary. It does nothing if the vault is open.
func (s *Store) Unlock(ctx context.Context, ui fob.UI) error {
	return s.alone(ctx, true, ui, func(ui fob.UI) error { return s.unlock(ctx, ui, true) })
}

// unlock is Unlock while alone holds. Without onPurpose it leaves a vault closed that the user
// locked.
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

// adopt makes f the store's open vault, unless the vault was locked since.
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

// load gets the identity from its method, and checks that it belongs to the vault.
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

// meta reads vault.json; if it is missing there may still be a vault.age.
func (s *Store) meta() (meta, error) {
	m, err := readMeta(metaPath(s.home))
	if _, e := os.Lstat(s.home.Vault()); e == nil && errors.Is(err, fob.ErrNotFound) {
		err = fob.Errorf(fob.ErrDamaged, "%s is gone: nothing says how %s is unlocked", metaPath(s.home), s.home.Vault()).
			WithHint("fob vault restore, which makes it anew")
	}
	return m, err
}

// unlockable turns the error for a missing identity into fob.ErrLocked. Its cause is dropped,
// because errors.Is would find fob.ErrNotFound in it.
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

// Lock drops the identity and everything that was decrypted. The vault stays locked until Unlock.
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

// Vault returns the file of long-lived secrets; fob.ErrLocked while it is not unlocked.
func (s *Store) Vault() (*File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.vault == nil {
		return nil, lockedError()
	}
	return s.vault, nil
}

// Cache returns the file of temporary credentials, and makes it if it is missing. One that cannot
// be read is renamed and replaced by an empty one, since its content can be retrieved again.
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
