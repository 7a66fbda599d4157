// Package passphrase unlocks a vault with a passphrase, for headless machines, WSL and containers.
// The identity is encrypted with age's scrypt recipient in identity.age, which `age -d
// identity.age` opens too.
package passphrase

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"filippo.io/age"

	"fob/internal/atomicfile"
	"fob/internal/fob"
	"fob/internal/vault/unlock"
)

// Name is the name of the encrypted identity in the vault's directory.
const Name = "identity.age"

// Work factors of scrypt (base-2 logarithms). 18 is age's default (256 MiB, about a second). age
// accepts up to 22, which takes 4 GiB; here a file with more than 20 is refused before any
// computation.
const (
	defaultWork = 18
	mostWork    = 20
)

// Wrong passphrases. A user has three attempts at a time. From the third wrong one on, each next
// attempt waits: 1 s, 2 s, 4 s … up to 30 s.
const (
	tries      = 3
	firstPause = time.Second
	mostPause  = 30 * time.Second
)

// limit is the largest accepted file, in bytes; age writes about 450.
const limit = 64 << 10

// method counts the wrong passphrases since the last right one.
type method struct {
	work int

	mu    sync.Mutex
	wrong int
}

// Method returns the method. It counts wrong passphrases, so a process should make only one.
func Method() unlock.Method { return build(defaultWork) }

// TestOnlyMethod uses a work factor that gives no protection, to make tests fast.
func TestOnlyMethod() unlock.Method { return build(2) }

func build(work int) unlock.Method {
	m := &method{work: work}
	return unlock.Method{
		Name:   "passphrase",
		Doc:    "a passphrase, asked once per agent: for machines without a keyring, WSL, containers",
		Works:  works,
		Store:  m.store,
		Load:   m.load,
		Check:  check,
		Change: m.change,
		Tidy:   func(env unlock.Env) { atomicfile.Clean(path(env)) },
		Forget: forget,
	}
}

func path(env unlock.Env) string { return filepath.Join(env.Dir, Name) }

func works(_ context.Context, env unlock.Env) error {
	if env.UI.AskFunc == nil {
		return nobody("a passphrase has to be typed, and nobody is there", hintInit)
	}
	return nil
}

// Hints for callers without a terminal.
const (
	hintInit   = "fob vault init --unlock passphrase --passphrase-stdin; or in a terminal, without --passphrase-stdin"
	hintUnlock = "fob unlock, in a terminal; or fob unlock --passphrase-stdin"
	hintChange = "fob vault passwd, in a terminal; or fob vault passwd --passphrase-stdin with the old one and the new one, a line each"
)

func nobody(message, hint string) error {
	return &fob.Error{Kind: fob.ErrLocked, Cause: fob.ErrNobody, Message: message, Hint: hint}
}

// store asks for a new passphrase. An existing encrypted identity is renamed and not overwritten,
// because a vault may need it.
func (m *method) store(ctx context.Context, env unlock.Env, identity fob.Secret) error {
	phrase, err := askNew(ctx, env, hintInit)
	if err != nil {
		return err
	}
	if _, err := atomicfile.SetAside(path(env), "old"); err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot set %s aside: %w", path(env), err)
	}
	return m.seal(ctx, env, identity, phrase)
}

// askNew asks for a new passphrase. The front end asks twice and compares (fob.AskNewPhrase),
// because it knows how to do that on a terminal or a page. hint is for callers without a person.
func askNew(ctx context.Context, env unlock.Env, hint string) (fob.Secret, error) {
	phrase, err := env.UI.Ask(ctx, fob.Question{Kind: fob.AskNewPhrase, Prompt: "new passphrase for the vault", Hidden: true})
	if errors.Is(err, fob.ErrNobody) {
		return phrase, nobody("a new passphrase has to be typed, and nobody is there", hint)
	}
	if err == nil && phrase.IsZero() {
		return phrase, fob.Errorf(fob.ErrUsage, "the passphrase is empty")
	}
	return phrase, err
}

// seal writes the identity. Before that it checks that the passphrase opens it, and that the caller
// is still there: after Ctrl-C nothing must change.
func (m *method) seal(ctx context.Context, env unlock.Env, identity fob.Secret, phrase fob.Secret) error {
	defer freeScrypt()
	to, err := age.NewScryptRecipient(phrase.Reveal())
	if err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot use the passphrase: %w", err)
	}
	to.SetWorkFactor(m.work)
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to)
	if err == nil {
		_, err = io.WriteString(w, identity.Reveal()+"\n")
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot seal the identity: %w", err)
	}
	back, err := m.open(env, sealed.Bytes(), phrase)
	if err != nil || !back.Equal(identity) {
		return fob.Errorf(fob.ErrInternal, "the sealed identity does not open again")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := atomicfile.Replace(path(env), sealed.Bytes()); err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot write %s: %w", path(env), err)
	}
	return nil
}

const wrong = "wrong passphrase"

// errWrong means that the passphrase was wrong.
var errWrong = errors.New(wrong)

func (m *method) open(env unlock.Env, sealed []byte, phrase fob.Secret) (fob.Secret, error) {
	id, err := age.NewScryptIdentity(phrase.Reveal())
	if err != nil {
		return fob.Secret{}, errWrong // empty
	}
	id.SetMaxWorkFactor(mostWork)
	r, err := age.Decrypt(bytes.NewReader(sealed), id)
	var text []byte
	if err == nil {
		text, err = io.ReadAll(r)
	}
	defer clear(text)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		return fob.Secret{}, errWrong
	}
	var identity fob.Secret
	if err == nil {
		identity, err = unlock.ParseIdentity(string(text))
	}
	if err != nil { // age's text may quote the file
		return fob.Secret{}, fob.Errorf(fob.ErrDamaged, "%s is damaged", path(env)).
			WithHint("put back a copy of %s from your backups; without it the vault cannot be opened", path(env))
	}
	return identity, nil
}

func (m *method) load(ctx context.Context, env unlock.Env) (fob.Secret, error) {
	sealed, err := read(env)
	if err != nil {
		return fob.Secret{}, err
	}
	return m.ask(ctx, env, sealed, "passphrase of the vault", hintUnlock)
}

func check(_ context.Context, env unlock.Env) error {
	_, err := read(env)
	return err
}

func read(env unlock.Env) ([]byte, error) {
	info, err := os.Stat(path(env))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fob.Errorf(fob.ErrNotFound, "%s does not exist", path(env)).
			WithHint("put back a copy of it from your backups; without it the vault cannot be opened")
	}
	if err == nil && info.Mode().IsRegular() && info.Size() > limit {
		return nil, fob.Errorf(fob.ErrDamaged, "%s is no sealed identity: it is %d bytes long", path(env), info.Size())
	}
	var sealed []byte
	if err == nil {
		sealed, err = atomicfile.Read(path(env))
	}
	if err != nil {
		return nil, fob.Errorf(fob.ErrLocked, "cannot read %s: %w", path(env), err)
	}
	return sealed, nil
}

// ask asks until the passphrase is right, three times at most.
func (m *method) ask(ctx context.Context, env unlock.Env, sealed []byte, prompt, hint string) (fob.Secret, error) {
	defer freeScrypt()
	for n := range tries {
		q := fob.Question{Kind: fob.AskPassphrase, Prompt: prompt, Hidden: true}
		if n > 0 {
			q.Prompt = "wrong; " + prompt
		}
		phrase, err := env.UI.Ask(ctx, q)
		switch {
		case errors.Is(err, fob.ErrNobody) && n > 0:
			// Report that the passphrase was wrong, not that there was no second answer. The cause
			// stays ErrNobody, so that a waiting caller with a person tries.
			return fob.Secret{}, &fob.Error{Kind: fob.ErrLocked, Cause: err, Message: wrong, Hint: hint}
		case errors.Is(err, fob.ErrNobody):
			return fob.Secret{}, nobody("the vault is locked with a passphrase, and nobody is there to type it", hint)
		}
		if err != nil {
			return fob.Secret{}, err
		}
		if err := m.wait(ctx); err != nil {
			return fob.Secret{}, err
		}
		identity, err := m.open(env, sealed, phrase)
		m.count(err)
		if !errors.Is(err, errWrong) {
			return identity, err
		}
	}
	return fob.Secret{}, fob.Errorf(fob.ErrLocked, wrong).WithHint("fob unlock, to try again")
}

// wait slows down guessing through a running agent. Against guessing with a copy of the file scrypt
// protects.
func (m *method) wait(ctx context.Context) error {
	m.mu.Lock()
	wrong := m.wrong
	m.mu.Unlock()
	if wrong < tries {
		return ctx.Err()
	}
	pause := mostPause
	if n := wrong - tries; n < 5 {
		pause = min(firstPause<<n, mostPause)
	}
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *method) count(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil:
		m.wrong = 0
	case errors.Is(err, errWrong):
		m.wrong++
	}
}

// change encrypts the identity with another passphrase. The file with the old one is not kept,
// because the old passphrase would still open it.
func (m *method) change(ctx context.Context, env unlock.Env) error {
	sealed, err := read(env)
	if err != nil {
		return err
	}
	identity, err := m.ask(ctx, env, sealed, "present passphrase of the vault", hintChange)
	if err != nil {
		return err
	}
	phrase, err := askNew(ctx, env, hintChange)
	if err != nil {
		return err
	}
	return m.seal(ctx, env, identity, phrase)
}

func forget(_ context.Context, env unlock.Env) error {
	if err := atomicfile.Remove(path(env)); err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot remove %s: %w", path(env), err)
	}
	return nil
}

// freeScrypt returns scrypt's 256 MiB to the system at once; Go would keep them for minutes.
func freeScrypt() { debug.FreeOSMemory() }
