// Package unlock defines unlock methods for the vault. A method stores one small item: the identity
// to which the vault is encrypted.
//
// Each method has its own folder and one line in all/all.go, and passes the suite in unlocktest.
package unlock

import (
	"context"
	"strings"

	"filippo.io/age"

	"fob/internal/fob"
)

// Method stores a vault's identity. Its functions return fob's kinds of errors, which never contain
// a part of the identity. They end in bounded time unless they wait for a person.
type Method struct {
	Name string
	Doc  string // one line, what it is for

	// OnlyNamed methods are used only if the user names them.
	OnlyNamed bool
	// Existing methods may hold an identity before there is a vault; a new vault uses that one.
	Existing bool

	// Works returns why the method cannot be used here. It asks no person.
	Works func(ctx context.Context, env Env) error
	// Store stores an identity and reads it back.
	Store func(ctx context.Context, env Env, identity fob.Secret) error
	// Load returns the identity: fob.ErrNotFound if nothing is stored, fob.ErrLocked if it cannot
	// be read, fob.ErrDamaged if what is stored is not an identity.
	Load func(ctx context.Context, env Env) (fob.Secret, error)
	// Check returns what is wrong with the stored item, as far as that is known at once and without
	// asking; nil for methods that cannot know.
	Check func(ctx context.Context, env Env) error
	// Change asks for a new passphrase; nil for methods that have none.
	Change func(ctx context.Context, env Env) error
	// Elsewhere reports whether the new options name another storage location; empty options mean
	// the same one. Nil for methods with only one location.
	Elsewhere func(was, now Env) bool
	// Tidy removes temporary files that a killed Store left; nil for methods without such files.
	// The caller must exclude concurrent calls of Store.
	Tidy func(env Env)
	// Forget deletes the stored identity. It is no error if there is none.
	Forget func(ctx context.Context, env Env) error
}

// Env is all that a method gets to see.
type Env struct {
	Dir     string // fob's own files of this vault
	Label   string // distinguishes vaults in a shared keyring; see [Label]
	UI      fob.UI
	Options Options
}

// WithBus adds the address of the caller's D-Bus session bus. An agent that was started over SSH,
// or before the desktop, has none or one that has ended.
func WithBus(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, busKey{}, address)
}

// Bus returns the address that [WithBus] added, or "".
func Bus(ctx context.Context) string {
	address, _ := ctx.Value(busKey{}).(string)
	return address
}

type busKey struct{}

// Options are choices made when the vault is made. They are stored in clear.
type Options struct {
	IdentityFile string `json:"identity_file,omitempty"` // method file: absolute path
}

// marker is the beginning of an identity in the text form of age-keygen.
const marker = "AGE-SECRET-KEY-1"

// ParseIdentity finds the one identity in a text as age-keygen writes it: comment lines, and a line
// AGE-SECRET-KEY-1…. Its errors never repeat the text.
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
	if _, err := age.ParseX25519Identity(found); err != nil { // age's error may quote the line
		return fob.Secret{}, fob.Errorf(fob.ErrDamaged, "not an age identity (%s…)", marker)
	}
	return fob.NewSecret(found), nil
}
