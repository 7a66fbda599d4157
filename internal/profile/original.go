package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"fob/internal/awsfile"
	"fob/internal/fob"
)

// original is one of the AWS files as it was before the first adoption that is
// not taken back, and what was adopted since. While nobody else edits the file,
// what it must be with any of them taken back is what adopting the others makes
// of the original: byte for byte, in any order. It holds secrets.
type original struct {
	Path  string       `json:"path"`
	Text  awsfile.Text `json:"text"`
	Steps []step       `json:"steps"`
}

// step is one adoption, as far as it concerns the file.
type step struct {
	Name string `json:"name"`
	Line string `json:"line,omitempty"` // credential_process, in the config file
}

const originalPrefix = "original/"

func originalItem(file string) string { return originalPrefix + file }

// RecordItems are the items of the vault that record how a profile was adopted;
// with secrets, all from which its secrets could be read.
func RecordItems(all []string, name string, secrets bool) []string {
	return slices.DeleteFunc(slices.Clone(all), func(item string) bool {
		return item != recordItem(name) && !(secrets && strings.HasPrefix(item, originalPrefix))
	})
}

func loadOriginal(v Vault, file, path string) (original, error) {
	text, err := v.Get(originalItem(file))
	if errors.Is(err, fob.ErrNotFound) {
		return original{Path: path}, nil
	}
	if err != nil {
		return original{}, err
	}
	var o original
	if json.Unmarshal([]byte(text.Reveal()), &o) != nil || o.Path != path {
		return original{Path: path}, nil // another file's: the records' hunks still serve
	}
	return o, nil
}

func (o original) has(name string) bool {
	return slices.ContainsFunc(o.Steps, func(s step) bool { return s.Name == name })
}

// replay is what the file must be while the profiles for which keep says so are
// adopted; nil if that cannot be told.
func (f *Files) replay(kind awsfile.Kind, o original, keep func(name string) bool) []byte {
	file := awsfile.Parse(kind, []byte(o.Text))
	for _, s := range o.Steps {
		if keep(s.Name) && f.strip(file, s.Name, s.Line) != nil {
			return nil
		}
	}
	return file.Bytes()
}

// extend adds an adoption, before the file is edited for it. A file that
// somebody has edited since becomes a new original, for later adoptions.
func (f *Files) extend(o original, d *draft, adopted map[string]record, s step) original {
	now := d.file.Bytes()
	steps := slices.DeleteFunc(slices.Clone(o.Steps), func(old step) bool { return old.Name == s.Name })
	known := func(name string) bool { _, ok := adopted[name]; return ok && name != s.Name }
	if len(steps) == 0 || !bytes.Equal(f.replay(d.kind, o, known), now) {
		return original{Path: d.path, Text: awsfile.Text(now), Steps: []step{s}}
	}
	return original{Path: d.path, Text: o.Text, Steps: append(steps, s)}
}

// giveBack drafts the return of profiles to one file from its original, if they
// are all in it and nobody has edited the file; done says whether it was so.
func (f *Files) giveBack(o original, d *draft, adopted map[string]record, names []string) (done bool) {
	known := func(name string) bool { _, ok := adopted[name]; return ok }
	rest := func(name string) bool { return known(name) && !slices.Contains(names, name) }
	for _, name := range names {
		if adopted[name].Edits[d.name()].Path == d.path && !o.has(name) {
			return false
		}
	}
	with, without := f.replay(d.kind, o, known), f.replay(d.kind, o, rest)
	now := d.file.Bytes()
	if len(o.Steps) == 0 || without == nil || !bytes.Equal(now, with) && !bytes.Equal(now, without) {
		return false
	}
	d.file = awsfile.Parse(d.kind, without)
	return true
}

func (o original) secret() (fob.Secret, error) {
	text, err := json.Marshal(o)
	return fob.NewSecret(string(text)), err
}

// unneeded are the originals of files in which nothing is adopted any more.
func unneeded(adopted map[string]record) []string {
	needed := map[string]bool{}
	for r := range maps.Values(adopted) {
		for file := range r.Edits {
			needed[file] = true
		}
	}
	var items []string
	for _, file := range []string{inConfig, inCredentials} {
		if !needed[file] {
			items = append(items, originalItem(file))
		}
	}
	return items
}
