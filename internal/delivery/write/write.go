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

// Way returns the way. Option "to" is the absolute path of the file, "section"
// the section in it ("default" if there is none), and "force", if it is there,
// has a file that fob did not write set aside.
func Way() delivery.Way {
	return delivery.Way{Name: "write", Doc: "a credentials file in clear, for tools that read nothing else", Chosen: true, Hand: hand}
}

func hand(ctx context.Context, g delivery.Grant) (fob.Delivery, error) {
	path, section := g.Options["to"], cmp.Or(g.Options["section"], "default")
	if g.Write == nil {
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "without an agent nobody would take %q away again", path).WithHint("unset FOB_AGENT")
	}
	path, aside, err := target(path, g)
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
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "the credentials of %s do not say when they expire, so nobody could take them away in time", g.Profile.Name)
	}
	text, err := format(c, g.Profile, path, section)
	if err != nil {
		return fob.Delivery{}, err
	}
	was, err := g.Write(delivery.File{Path: path, Section: section, Text: text, Expiration: c.Expiration, Aside: aside})
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
func target(to string, g delivery.Grant) (path string, aside bool, err error) {
	if !filepath.IsAbs(to) || strings.ContainsFunc(to, unseen) {
		return "", false, fob.Errorf(fob.ErrUsage, "%q cannot be the path of a file of credentials", to).WithHint("fob write NAME --to FILE, a path without control characters")
	}
	path, err = atomicfile.Place(to)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, fob.Errorf(fob.ErrNotFound, "there is no directory %s", filepath.Dir(to)).WithHint("mkdir -p %s", quote.Word(filepath.Dir(to)))
	} else if err != nil {
		return "", false, fob.Errorf(fob.ErrUsage, "%s cannot be written: %w", to, err)
	}
	if g.Home.Holds(path) {
		return "", false, fob.Errorf(fob.ErrConflict, "%s is in a directory of fob's own", path).WithHint("another directory")
	}
	foreign, err := g.Foreign(path)
	if err != nil {
		return "", false, err
	}
	_, aside = g.Options["force"]
	for _, own := range []string{g.Paths.Credentials, g.Paths.Config} {
		// Definitions and keys are read from there: without them nothing is renewed.
		place, err := atomicfile.Place(own)
		if err != nil || place != path {
			continue
		}
		if aside = false; foreign {
			return "", false, fob.Errorf(fob.ErrConflict, "%s has sections of yours, and is not replaced", path).
				WithHint("another file; or, for keys in it, fob adopt")
		}
	}
	if foreign && !aside {
		return "", false, delivery.NotOurs(path)
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
