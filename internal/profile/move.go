package profile

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"fob/internal/awsfile"
	"fob/internal/fob"
	"fob/internal/principal"
)

// Moved says what becomes of one profile.
type Moved struct {
	Name    string
	Kind    string
	Skipped string // why it is left alone; empty if it moves
	Note    string
}

// Move is a prepared adoption or release: what it will change, and how to do it.
// Nothing has happened before [Move.Apply].
type Move struct {
	Diff  string // for people, without secrets
	Moved []Moved

	apply func(ctx context.Context) error
}

// Changes reports whether there is anything to do.
func (m *Move) Changes() bool { return m.apply != nil }

// Apply does it. Killed at any moment, it leaves a state that works and that the
// next adoption or release of the same names finishes.
func (m *Move) Apply(ctx context.Context) error { return m.apply(ctx) }

// draft is one file with the changes that a move will make to it.
type draft struct {
	kind   awsfile.Kind
	path   string
	before []byte
	file   *awsfile.File
}

func newDraft(kind awsfile.Kind, path string) (*draft, error) {
	file, err := awsfile.Read(kind, path)
	if err != nil {
		return nil, err
	}
	return &draft{kind, path, file.Bytes(), file}, nil
}

// name is what records call the file.
func (d *draft) name() string {
	if d.kind == awsfile.Credentials {
		return inCredentials
	}
	return inConfig
}

func (d *draft) diff() string {
	return awsfile.Unified(d.path, d.before, d.file.Bytes(), fob.IsSecretKey)
}

// ErrChanged is in the chain of the error of a move whose files are not as they
// were when it was prepared. Nothing is lost: preparing it again goes on from
// what is there now.
var ErrChanged = errors.New("changed meanwhile")

func (d *draft) changed() error {
	return &fob.Error{Kind: fob.ErrConflict, Message: d.path + " was changed meanwhile", Hint: "try again", Cause: ErrChanged}
}

// write puts the draft in place of the file, if that is still as it was when
// the draft was made: records of adoption are made for exactly that content.
func (d *draft) write(ctx context.Context, lockDir string) error {
	after := d.file.Bytes()
	return awsfile.Update(ctx, d.kind, d.path, lockDir, func(f *awsfile.File) error {
		if !bytes.Equal(f.Bytes(), d.before) {
			return d.changed()
		}
		*f = *awsfile.Parse(d.kind, after)
		return nil
	})
}

// drafts are the three files of a move.
type drafts struct{ own, config, credentials *draft }

func (f *Files) drafts(paths fob.Paths) (*drafts, error) {
	var d drafts
	var err error
	if d.own, err = newDraft(awsfile.Config, f.home.Config()); err != nil {
		return nil, err
	}
	if d.config, err = newDraft(awsfile.Config, paths.Config); err != nil {
		return nil, err
	}
	d.credentials, err = newDraft(awsfile.Credentials, paths.Credentials)
	return &d, err
}

func (d *drafts) all() []*draft { return []*draft{d.own, d.config, d.credentials} }

// How long one move waits for another: they take milliseconds.
const (
	aloneLimit = 10 * time.Second
	alonePoll  = 5 * time.Millisecond
)

// alone runs do while no other move runs in any process, if the files are still
// those that were drafted: else the records of two moves would mix in the vault.
func (d *drafts) alone(ctx context.Context, lockDir string, do func() error) error {
	if err := os.MkdirAll(lockDir, 0o700); err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot make %s: %w", lockDir, err)
	}
	limited, cancel := context.WithTimeout(ctx, aloneLimit)
	defer cancel()
	lock := flock.New(filepath.Join(lockDir, "move.lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(limited, alonePoll); err != nil {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case limited.Err() != nil:
			return fob.Errorf(fob.ErrConflict, "another fob is adopting or releasing, and does not finish").WithHint("try again")
		}
		return fob.Errorf(fob.ErrInternal, "cannot lock %s: %w", lock.Path(), err)
	}
	defer lock.Unlock()
	for _, one := range d.all() {
		if err := one.check(ctx, lockDir); err != nil {
			return err
		}
	}
	return do()
}

// check refuses what write would refuse, before any file is written.
func (d *draft) check(ctx context.Context, lockDir string) error {
	compare := func(f *awsfile.File) error {
		if !bytes.Equal(f.Bytes(), d.before) {
			return d.changed()
		}
		return nil
	}
	if !bytes.Equal(d.file.Bytes(), d.before) {
		return awsfile.Update(ctx, d.kind, d.path, lockDir, compare) // read-only files too
	}
	now, err := awsfile.Read(d.kind, d.path)
	if err != nil {
		return err
	}
	return compare(now)
}

func (d *drafts) settle() {
	for _, one := range d.all() {
		one.file.Settle()
	}
}

func (d *drafts) diff() string { return d.credentials.diff() + d.config.diff() + d.own.diff() }

// outside is a profile as the AWS files alone define it.
func (f *Files) outside(d *drafts, name string) (fob.Profile, bool) {
	p := fob.Profile{Name: name, Origin: fob.OriginConfig, Keys: map[string]string{},
		Nested: map[string]map[string]string{}, Secrets: map[string]fob.Secret{}}
	credentials, inCredentials := d.credentials.file.Section("profile", name)
	config, inConfig := d.config.file.Section("profile", name)
	if p.Path = d.config.path; !inConfig {
		p.Path = d.credentials.path
	}
	if inCredentials {
		add(&p, credentials, nil)
	}
	if inConfig {
		add(&p, config, nil)
	}
	if p.Path = d.credentials.path; inConfig {
		p.Path = d.config.path
	}
	return p, inCredentials || inConfig
}

// definition is the part of a profile that says how to authenticate, without
// secrets: what fob's own file holds after adoption.
func (f *Files) definition(p fob.Profile) fob.Profile {
	own := fob.Profile{Name: p.Name, Keys: map[string]string{}}
	for key, value := range p.Keys {
		if f.authenticates(key) && key != "credential_process" {
			own.Keys[key] = value
		}
	}
	return own
}

// kindOf is the name of the kind that claims a profile, or why none does.
func (f *Files) kindOf(p fob.Profile) (string, error) {
	k, err := principal.Find(f.kinds, p)
	if err != nil {
		return "", err
	}
	return k.Name, k.Validate(p)
}
