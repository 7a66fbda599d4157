// Package keyring unlocks a vault with the desktop's or the system's keyring, which stores the
// identity as one small item: the Secret Service (GNOME, KDE, KeePassXC), the macOS Keychain, the
// Windows Credential Manager.
//
// A keyring may be missing, locked, or never answer. Every operation here ends within two seconds.
// Only while the keyring's own window asks a person for its password does it wait longer, and only
// if a person is there.
package keyring

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"fob/internal/fob"
	"fob/internal/vault/unlock"
)

const (
	// limit ends calls that do not answer; a little less than the two seconds promised.
	limit = 1700 * time.Millisecond
	// personLimit is how long a person may take to answer the keyring's own window.
	personLimit = 90 * time.Second
	// mostBytes is the largest item that could be an identity in the form of age-keygen.
	mostBytes = 4096
)

// service is the service attribute of fob's items.
const service = "fob"

// store is a platform's keyring. Its functions may block for ever: within limits the wait.
type store interface {
	ready(ctx context.Context, w *wait) error // no prompt
	get(ctx context.Context, w *wait, label string) (string, error)
	set(ctx context.Context, w *wait, label, text string) error
	remove(ctx context.Context, w *wait, label string) error
}

// errNone means that there is no such item.
var errNone = errors.New("no such item")

// otherwise adapts a hint for a vault that is yet to be made, and adds how to do without a keyring.
func otherwise(err error) error {
	var e *fob.Error
	if !errors.As(err, &e) || e.Hint == "" {
		return err
	}
	more := *e
	more.Hint = strings.ReplaceAll(more.Hint, "fob unlock", "fob vault init --unlock keyring") + "; or fob vault init --unlock passphrase, which needs no keyring"
	return &more
}

// Method returns the method; getenv finds the session bus.
func Method(getenv func(string) string) unlock.Method { return build(newStore(getenv), limit) }

func build(s store, limit time.Duration) unlock.Method {
	k := keyring{s, limit}
	return unlock.Method{
		Name:   "keyring",
		Doc:    "the desktop's keyring or the system's keychain: opens when you log in",
		Works:  k.works,
		Store:  k.store,
		Load:   k.load,
		Forget: k.forget,
	}
}

type keyring struct {
	s     store
	limit time.Duration // of one operation
}

func (k keyring) works(ctx context.Context, env unlock.Env) error {
	_, err := k.within(ctx, env.UI, func(ctx context.Context, w *wait) (string, error) {
		return "", k.s.ready(ctx, w)
	})
	return otherwise(err)
}

func (k keyring) store(ctx context.Context, env unlock.Env, identity fob.Secret) error {
	back, err := k.within(ctx, env.UI, func(ctx context.Context, w *wait) (string, error) {
		if err := k.s.set(ctx, w, env.Label, identity.Reveal()); err != nil {
			return "", err
		}
		return k.s.get(ctx, w, env.Label)
	})
	if err != nil {
		return otherwise(explain(err, env.Label))
	}
	if !identity.Equal(fob.NewSecret(back)) {
		return otherwise(fob.Errorf(fob.ErrDamaged, "the keyring gives back something else than was put in").
			WithHint("look at the keyring in the desktop's password program"))
	}
	return nil
}

func (k keyring) load(ctx context.Context, env unlock.Env) (fob.Secret, error) {
	text, err := k.within(ctx, env.UI, func(ctx context.Context, w *wait) (string, error) {
		return k.s.get(ctx, w, env.Label)
	})
	if err != nil {
		return fob.Secret{}, explain(err, env.Label)
	}
	identity, err := unlock.ParseIdentity(text)
	if len(text) > mostBytes || err != nil {
		return fob.Secret{}, fob.Errorf(fob.ErrDamaged, "the keyring's item %s %s is not an age identity", service, env.Label).
			WithHint("put the identity back into the keyring from a backup of it")
	}
	return identity, nil
}

func (k keyring) forget(ctx context.Context, env unlock.Env) error {
	_, err := k.within(ctx, env.UI, func(ctx context.Context, w *wait) (string, error) {
		return "", k.s.remove(ctx, w, env.Label)
	})
	if errors.Is(err, errNone) {
		return nil
	}
	return err
}

// explain turns a missing item into an error that names it.
func explain(err error, label string) error {
	if errors.Is(err, errNone) {
		return fob.Errorf(fob.ErrNotFound, "the keyring has no item %s %s", service, label).
			WithHint("put the identity back into the keyring from a backup of it")
	}
	return err
}

// wait is the time limit of one operation, which the keyring's own window extends.
type wait struct {
	ui     fob.UI
	mu     sync.Mutex
	timer  *time.Timer
	person bool // a window is open, or was
}

// forPerson must be called before the keyring opens a window; it fails if no person could answer.
func (w *wait) forPerson(ctx context.Context) error {
	if w.ui.AskFunc == nil {
		return nobody()
	}
	w.ui.Tell(ctx, "the keyring is locked: it asks for its password in a window of its own")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.person = true
	w.timer.Reset(personLimit)
	return nil
}

// nobody matches ErrLocked and ErrNobody, so that a caller with a terminal may retry.
func nobody() error {
	return &fob.Error{
		Kind: fob.ErrLocked, Cause: fob.ErrNobody, Message: "the keyring is locked, and nobody is there to unlock it",
		Hint: "fob unlock, in a terminal of the desktop session",
	}
}

func (w *wait) late(parent context.Context) error {
	if parent.Err() != nil {
		return parent.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.person {
		return fob.Errorf(fob.ErrLocked, "nobody unlocked the keyring within %d seconds", int(personLimit.Seconds())).WithHint("fob unlock")
	}
	return fob.Errorf(fob.ErrLocked, "the keyring did not answer within 2 seconds").
		WithHint("log out of the desktop and in again, then fob unlock")
}

// within runs an operation and returns when its time is up, though it may not
// end: a connect(2) to a socket nobody accepts on cannot be called off, nor a
// keychain's window. The goroutine is then left behind with nothing but the
// arguments, and its result is dropped when it comes.
func (k keyring) within(parent context.Context, ui fob.UI, do func(context.Context, *wait) (string, error)) (string, error) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	w := &wait{ui: ui, timer: time.AfterFunc(k.limit, cancel)}
	defer w.timer.Stop()

	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := do(ctx, w)
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		if r.err != nil && ctx.Err() != nil { // the error text would be that of the closed connection
			return "", w.late(parent)
		}
		return r.text, r.err
	case <-ctx.Done():
		return "", w.late(parent)
	}
}
