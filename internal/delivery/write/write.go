// Package write is the way of a plain file, for tools that read nothing else. It
// is the last resort: any program of the user's can read such a file.
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

// Way returns the way.
func Way() delivery.Way {
	return delivery.Way{Name: "write", Doc: "a credentials file in clear, for tools that read nothing else", Chosen: true, Hand: delivery.Hand(hand)}
}

type options struct {
	To      string `option:"to"`      // absolute path of the file
	Section string `option:"section"` // in the file; empty: default
	Force   bool   `option:"force"`   // a file that fob did not write is set aside
}

// Needs is what the way needs of the agent.
type Needs interface {
	Paths() fob.Paths // the user's AWS files
	Home() fob.Home   // fob's own directories
	// Files is false where there is no agent that would delete a file.
	Files() (Files, bool)
}

// Files are the files that the agent renews, and deletes when the credentials must go.
type Files interface {
	// Write writes a file. It returns where what was there has been set aside, if it
	// was.
	Write(f File) (aside string, err error)
	// Occupied reports whether there is content at a path that fob did not write.
	Occupied(path string) (bool, error)
}

// File is a file of credentials in clear.
type File struct {
	Path       string // as [fob/internal/atomicfile.Place] gives it
	Section    string
	Text       fob.Secret
	Expiration time.Time
	// Aside says that what is there may be set aside if fob did not write it.
	Aside bool
}

// NotOurs refuses to write where something is that fob did not write.
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
	// What cannot be written is refused before anyone is asked for a code.
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

// target is the file to write, and whether what is there may be set aside. What
// Write would refuse is refused here too, before anyone is asked for a code.
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
		// Definitions and keys are read from there: without them nothing is renewed.
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

// unseen finds what would break a line of the comment, or hide in it.
func unseen(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar
}

// format writes the file. Comments stand on lines of their own, at their start:
// all parsers skip those.
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
