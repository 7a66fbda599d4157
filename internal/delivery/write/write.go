// Package write is the way of a plain file, for tools that read nothing else. It
// is the last resort: any program of the user's can read such a file.
package write

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"fob/internal/atomicfile"
	"fob/internal/awsfile"
	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/shell"
)

// Way returns the way. Option "to" is the absolute path of the file, "section"
// the section in it ("default" if there is none), and "force", if it is there,
// has a file that fob did not write set aside.
func Way() delivery.Way {
	return delivery.Way{Name: "write", Doc: "a credentials file in clear, for tools that read nothing else", Chosen: true, Hand: hand}
}

// marker begins each file that fob wrote.
const marker = "# Written by fob write:"

func hand(ctx context.Context, g delivery.Grant) (fob.Delivery, error) {
	path, section := g.Options["to"], cmp.Or(g.Options["section"], "default")
	if g.Write == nil {
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "without an agent nobody would take %q away again", path).WithHint("unset FOB_AGENT")
	}
	path, foreign, err := target(path, g)
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
	aside, err := g.Write(delivery.File{Path: path, Section: section, Text: text, Expiration: c.Expiration, Aside: foreign})
	if err != nil {
		return fob.Delivery{}, err
	}
	d := fob.Delivery{
		Facts:   map[string]string{"file": path, "section": section, "expiration": c.Expiration.UTC().Format(time.RFC3339)},
		Warning: "any program of yours can read the credentials in " + path,
	}
	if aside != "" {
		d.Facts["aside"] = aside
	}
	return d, nil
}

// target is the file to write, and whether somebody else's is there that has to
// make room. A file without content is nobody's: mktemp makes such.
func target(to string, g delivery.Grant) (path string, foreign bool, err error) {
	if !filepath.IsAbs(to) || strings.ContainsFunc(to, unseen) {
		return "", false, fob.Errorf(fob.ErrUsage, "%q cannot be the path of a file of credentials", to).WithHint("fob write NAME --to FILE, a path without control characters")
	}
	path, err = atomicfile.Place(to)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, fob.Errorf(fob.ErrNotFound, "there is no directory %s", filepath.Dir(to)).WithHint("mkdir -p %s", shell.Word(filepath.Dir(to)))
	} else if err != nil {
		return "", false, fob.Errorf(fob.ErrUsage, "%s cannot be written: %w", to, err)
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path, false, nil
	case err != nil:
		return "", false, fob.Errorf(fob.ErrInternal, "cannot look at %s: %w", path, err)
	case !info.Mode().IsRegular():
		return "", false, fob.Errorf(fob.ErrConflict, "%s is not a plain file", path)
	case info.Size() == 0:
		return path, false, nil
	}
	text, err := atomicfile.Read(path)
	if err != nil {
		return "", false, fob.Errorf(fob.ErrConflict, "cannot read what is in %s: %w", path, err)
	}
	foreign = !bytes.HasPrefix(text, []byte(marker))
	for _, own := range []string{g.Paths.Credentials, g.Paths.Config} {
		// Definitions and keys are read from there: without them nothing is renewed.
		if place, err := atomicfile.Place(own); foreign && err == nil && place == path {
			return "", false, fob.Errorf(fob.ErrConflict, "%s has sections of yours, and is not replaced", path).
				WithHint("another file; or, for keys in it, fob adopt")
		}
	}
	if _, force := g.Options["force"]; foreign && !force {
		return "", false, fob.Errorf(fob.ErrConflict, "%s is there, and fob did not write it", path).
			WithHint("another file; --force sets it aside, under another name")
	}
	return path, foreign, nil
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
	f := awsfile.Parse(awsfile.Credentials, fmt.Appendf(nil, `%s the profile %s, valid until %s.
# Any program of yours can read this. fob renews it while its agent runs, and
# removes it at fob lock, when the agent stops and when it expires.
# To take it away: fob write --remove %s
`, marker, name, c.Expiration.UTC().Format(time.RFC3339), shell.Word(path)))
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
