// Package file unlocks a vault with an identity file in the form of age-keygen, for continuous
// integration and containers, where another system stores that file.
package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"fob/internal/atomicfile"
	"fob/internal/fob"
	"fob/internal/vault/unlock"
)

// Name is the default name of the file, in the vault's directory.
const Name = "identity.txt"

// Method returns the method.
func Method() unlock.Method {
	return unlock.Method{
		Name:      "file",
		Doc:       "an identity file in clear, for CI: protects nothing from whoever copies it together with the vault",
		OnlyNamed: true,
		Existing:  true,
		Works:     works,
		Store:     store,
		Load:      load,
		Check:     check,
		Elsewhere: elsewhere,
		Tidy:      tidy,
		Forget:    forget,
	}
}

// limit is the size of the largest identity file, in bytes; age-keygen writes about 200.
const limit = 1 << 20

// path is where the identity is.
func path(env unlock.Env) (string, error) {
	p := env.Options.IdentityFile
	if p == "" {
		return filepath.Join(env.Dir, Name), nil
	}
	if !filepath.IsAbs(p) { // the agent's working directory is not the caller's
		return "", fob.Errorf(fob.ErrUsage, "the identity file %s is not an absolute path", p).WithHint("name it from the root: /…/%s", filepath.Base(p))
	}
	return p, nil
}

func works(_ context.Context, env unlock.Env) error {
	_, err := path(env)
	return err
}

func store(ctx context.Context, env unlock.Env, identity fob.Secret) error {
	p, err := path(env)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(p); err == nil {
		have, err := load(ctx, env)
		if err == nil && have.Equal(identity) {
			return nil
		}
		return fob.Errorf(fob.ErrConflict, "%s exists and holds something else", p).WithHint("fob vault init --unlock file --identity ANOTHER-PATH")
	}
	if err := atomicfile.Replace(p, []byte(identity.Reveal()+"\n")); err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot write the identity file %s: %w", p, err)
	}
	env.UI.Tell(ctx, "the vault's identity is in clear in "+p+": whoever copies both has your secrets")
	return nil
}

func load(_ context.Context, env unlock.Env) (fob.Secret, error) {
	p, err := path(env)
	if err != nil {
		return fob.Secret{}, err
	}
	text, info, err := new(atomicfile.Reader).Read(p, limit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fob.Secret{}, fob.Errorf(fob.ErrNotFound, "the identity file %s does not exist", p).
			WithHint("put the file back; without it the vault cannot be opened")
	case err != nil:
		return fob.Secret{}, fob.Errorf(fob.ErrLocked, "cannot read the identity file %s: %w", p, err)
	}
	defer clear(text)
	identity, err := unlock.ParseIdentity(string(text))
	if err != nil {
		return fob.Secret{}, fob.Errorf(fob.ErrDamaged, "the identity file %s: %w", p, err).
			WithHint("put back a copy of it as age-keygen wrote it; for a new vault, name another file")
	}
	// Checked only now: a file that is not an identity may be readable by others.
	if !atomicfile.Private(info) {
		return fob.Secret{}, fob.Errorf(fob.ErrLocked, "other users can read the identity file %s (mode %04o)", p, info.Mode().Perm()).
			WithHint("chmod 600 %s", p)
	}
	return identity, nil
}

func check(ctx context.Context, env unlock.Env) error {
	_, err := load(ctx, env)
	return err
}

// elsewhere compares files by identity, not by name: with two links to one file, deleting the old
// name's file would delete the identity.
func elsewhere(was, now unlock.Env) bool {
	if now.Options.IdentityFile == "" {
		return false
	}
	from, e1 := path(was)
	to, e2 := path(now)
	if e1 != nil || e2 != nil || filepath.Clean(from) == filepath.Clean(to) {
		return e2 != nil // works reports that error
	}
	old, e1 := os.Stat(from)
	other, e2 := os.Stat(to)
	return e1 != nil || e2 != nil || !os.SameFile(old, other)
}

// tidy removes temporary files, which contain the identity in clear.
func tidy(env unlock.Env) {
	if p, err := path(env); err == nil {
		atomicfile.Clean(p)
	}
}

// forget deletes the file only if it is fob's own; a file that the user named stays.
func forget(_ context.Context, env unlock.Env) error {
	if env.Options.IdentityFile != "" {
		return nil
	}
	p := filepath.Join(env.Dir, Name)
	if err := atomicfile.Remove(p); err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot remove the identity file %s: %w", p, err)
	}
	return nil
}
