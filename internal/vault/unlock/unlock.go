// Package unlock is what a way of unlocking the vault has to be: somewhere to
// keep one small item, the identity to which the vault is sealed.
//
// A method is a value. Each is a folder of its own and one line in all/all.go;
// all of them pass the suite in unlocktest.
package unlock

import (
	"context"
	"strings"

	"filippo.io/age"

	"fob/internal/fob"
)

// Method keeps a vault's identity. Its functions return errors of the
// vocabulary's kinds, never with a part of the identity in them, and end in
// bounded time unless they wait for a person.
type Method struct {
	Name string
	Doc  string // one line, what it is for

	// OnlyNamed methods are used when the user names them, and never chosen.
	OnlyNamed bool
	// Existing methods may hold an identity before there is a vault; a new
	// vault is then sealed to that one.
	Existing bool

	// Works reports why the method cannot be used here, without asking anyone.
	Works func(ctx context.Context, env Env) error
	// Store keeps an identity, and has read it back when it returns.
	Store func(ctx context.Context, env Env, identity fob.Secret) error
	// Load gets it back: fob.ErrNotFound if nothing is kept, fob.ErrLocked if
	// it cannot be had, fob.ErrDamaged if what is kept is no identity.
	Load func(ctx context.Context, env Env) (fob.Secret, error)
	// Check reports what is wrong with what Store kept, as far as that can be told
	// at once and without asking anyone; nil for methods of which nothing can.
	Check func(ctx context.Context, env Env) error
	// Change asks for a new passphrase; nil for methods that have none.
	Change func(ctx context.Context, env Env) error
	// Elsewhere reports whether what now keeps is apart from what was keeps; without a
	// place of its own now means the same. Nil for methods that know but one place.
	Elsewhere func(was, now Env) bool
	// Tidy removes what a Store that was killed left beside its place; nil for methods
	// that leave nothing. Whoever calls it keeps other calls of Store out.
	Tidy func(env Env)
	// Forget drops what Store kept. Nothing kept is no error.
	Forget func(ctx context.Context, env Env) error
}

// Env is all a method gets to see.
type Env struct {
	Dir     string // fob's own files of this vault
	Label   string // tells vaults apart in stores they share; see [Label]
	UI      fob.UI
	Options Options
}

// WithBus adds where whoever asks reaches the session bus: an agent that was
// started over ssh, or before the desktop, knows of none, or of one that is gone.
func WithBus(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, busKey{}, address)
}

// Bus is the address that [WithBus] added, or nothing.
func Bus(ctx context.Context) string {
	address, _ := ctx.Value(busKey{}).(string)
	return address
}

type busKey struct{}

// Options are choices made when the vault is made. They are kept in clear.
type Options struct {
	IdentityFile string `json:"identity_file,omitempty"` // method file: absolute path
}

// marker begins an identity in age-keygen's text form.
const marker = "AGE-SECRET-KEY-1"

// ParseIdentity finds the one identity in text as age-keygen writes it: comment
// lines, and a line AGE-SECRET-KEY-1… It never repeats the text in an error.
func ParseIdentity(text string) (fob.Secret, error) {
	var found string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case found != "":
			return fob.Secret{}, fob.Errorf(fob.ErrDamaged, "more than one line where one age identity is expected")
		default:
			found = line
		}
	}
	if _, err := age.ParseX25519Identity(found); err != nil { // its text may quote the line
		return fob.Secret{}, fob.Errorf(fob.ErrDamaged, "not an age identity (%s…)", marker)
	}
	return fob.NewSecret(found), nil
}
