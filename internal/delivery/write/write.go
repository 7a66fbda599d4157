// Package write delivers credentials as a file in clear, for tools that can read nothing else. It
// is the last resort, because every program of the user can read the file.
package write

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"fob/internal/atomicfile"
	"fob/internal/awsfile"
	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/quote"
)

// Way returns the delivery "write".
func Way() delivery.Way {
	return delivery.Way{Name: "write", Doc: "a credentials file in clear, for tools that read nothing else", Chosen: true, Hand: delivery.Hand(hand)}
}

type options struct {
	To      string `option:"to"`      // absolute path of the file
	Section string `option:"section"` // section of the file; empty: default
	Force   bool   `option:"force"`   // rename a file that fob did not write
}

// Needs is what this delivery needs of the agent.
type Needs interface {
	Paths() fob.Paths // the user's AWS files
	Home() fob.Home   // fob's own directories
	// Files returns false if there is no agent that would delete the file later.
	Files() (Files, bool)
}

// Files is the register of written files. The agent refreshes them, and deletes them on lock,
// logout and exit.
type Files interface {
	// Write writes a file. If it renamed an existing one, it returns the new name of that.
	Write(f File) (aside string, err error)
	// Occupied reports whether there is a file at path that fob did not write.
	Occupied(path string) (bool, error)
}

// File is a credentials file to write.
type File struct {
	Path       string // as [fob/internal/atomicfile.Place] gives it
	Section    string
	Text       fob.Secret
	Expiration time.Time
	// Aside allows renaming an existing file that fob did not write.
	Aside bool
}

// NotOurs is the error for an existing file that fob did not write.
func NotOurs(path string) error {
	return fob.Errorf(fob.ErrConflict, "%s is there, and is not what fob wrote", path).
		WithHint("another file; --force sets it aside, under another name")
}

func hand(ctx context.Context, g delivery.Grant, o options) (fob.Delivery, error) {
	section := cmp.Or(o.Section, "default")
	agent, err := delivery.From[Needs](g)
	if err != nil {
		return fob.Delivery{}, err
	}
	files, ok := agent.Files()
	if !ok {
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "without an agent nobody would take %q away again", o.To).WithHint("unset FOB_AGENT")
	}
	path, aside, err := target(o, agent, files)
	if err != nil {
		return fob.Delivery{}, err
	}
	// Values that cannot be written are refused before the user is asked for a code.
	if err := set(awsfile.Parse(awsfile.Credentials, nil), section, "region", "us-east-1"); err != nil {
		return fob.Delivery{}, err
	}
	c, err := g.Credentials(ctx)
	if err != nil {
		return fob.Delivery{}, err
	}
	switch {
	case c.LongLived():
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "%s has long-lived keys and no session, and such keys are written to no file", g.Profile.Name).
			WithHint("write a role that this profile is the source of")
	case c.Expiration.IsZero():
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "the credentials of %s do not say when they expire, so nobody could take them away in time", g.Profile.Name).
			WithHint("fob exec %s", quote.Word(g.Profile.Name))
	}
	text, err := format(c, g.Profile, path, section)
	if err != nil {
		return fob.Delivery{}, err
	}
	was, err := files.Write(File{Path: path, Section: section, Text: text, Expiration: c.Expiration, Aside: aside})
	if err != nil {
		return fob.Delivery{}, err
	}
	d := fob.Delivery{
		Facts:   map[string]string{"file": path, "section": section, "expiration": c.Expiration.UTC().Format(time.RFC3339)},
		Warning: "any program of yours can read the credentials in " + path,
	}
	if was != "" {
		d.Facts["aside"] = was
	}
	return d, nil
}

// target returns the path to write, and whether an existing file there may be renamed. It already
// refuses what Write would refuse, before the user is asked for a code.
func target(o options, agent Needs, files Files) (path string, aside bool, err error) {
	to := o.To
	if !filepath.IsAbs(to) || strings.ContainsFunc(to, unseen) {
		return "", false, fob.Errorf(fob.ErrUsage, "%q cannot be the path of a file of credentials", to).WithHint("fob write NAME --to FILE, a path without control characters")
	}
	path, err = atomicfile.Place(to)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, fob.Errorf(fob.ErrNotFound, "there is no directory %s", filepath.Dir(to)).WithHint("mkdir -p %s", quote.Word(filepath.Dir(to)))
	} else if err != nil {
		return "", false, fob.Errorf(fob.ErrUsage, "%s cannot be written: %w", to, err)
	}
	if agent.Home().Holds(path) {
		return "", false, fob.Errorf(fob.ErrConflict, "%s is in a directory of fob's own", path).WithHint("another directory")
	}
	occupied, err := files.Occupied(path)
	if err != nil {
		return "", false, err
	}
	aside = o.Force
	for _, own := range []string{agent.Paths().Credentials, agent.Paths().Config} {
		// fob reads definitions and keys from these files; overwriting them would end every
		// refresh.
		place, err := atomicfile.Place(own)
		if err != nil || place != path {
			continue
		}
		if aside = false; occupied {
			return "", false, fob.Errorf(fob.ErrConflict, "%s has sections of yours, and is not replaced", path).
				WithHint("another file; or, for keys in it, fob adopt")
		}
	}
	if occupied && !aside {
		return "", false, NotOurs(path)
	}
	return path, aside, nil
}

// unseen reports characters that would end the comment's line or be invisible in it.
func unseen(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar
}

// format returns the file's text. Comments are on lines of their own, at their start, because all
// parsers accept those.
func format(c fob.Credentials, p fob.Profile, path, section string) (fob.Secret, error) {
	name := strings.Map(func(r rune) rune {
		if unseen(r) {
			return '?'
		}
		return r
	}, p.Name)
	f := awsfile.Parse(awsfile.Credentials, fmt.Appendf(nil, `# Written by fob write: the profile %s, valid until %s.
# Any program of yours can read this. fob renews it while its agent runs, and
# removes it at fob lock, when the agent stops and when it expires.
# To take it away: fob write --remove %s
`, name, c.Expiration.UTC().Format(time.RFC3339), quote.Word(path)))
	for _, line := range [][2]string{
		{"aws_access_key_id", c.AccessKeyID},
		{"aws_secret_access_key", c.SecretAccessKey.Reveal()},
		{"aws_session_token", c.SessionToken.Reveal()},
		{"aws_account_id", c.AccountID},
		{"region", p.Get("region")},
	} {
		if err := set(f, section, line[0], line[1]); err != nil {
			return fob.Secret{}, err
		}
	}
	return fob.NewSecret(string(f.Bytes())), nil
}

func set(f *awsfile.File, section, key, value string) error {
	if value == "" {
		return nil
	}
	return f.Set("profile", section, key, value)
}
