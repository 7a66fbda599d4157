package adopt

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"fob/internal/awsfile"
	"fob/internal/draft"
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
	// Dead says that there was such a line already, which meant nothing any more: it is
	// no part of what is restored.
	Dead bool `json:"dead,omitempty"`
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

// replay is what the file must be while the profiles for which keep says so are
// adopted; nil if that cannot be told.
func (m Mover) replay(kind awsfile.Kind, o original, keep func(name string) bool) []byte {
	file := awsfile.Parse(kind, []byte(o.Text))
	for _, s := range o.Steps {
		if s.bury(file) != nil || keep(s.Name) && m.strip(file, s.Name, s.Line) != nil {
			return nil
		}
		file.Settle()
	}
	return file.Bytes()
}

// bury removes a line that meant nothing any more.
func (s step) bury(file *awsfile.File) error {
	if !s.Dead {
		return nil
	}
	return file.Unset("profile", s.Name, "credential_process")
}

// current is the original to add an adoption to, which is the first to change the
// file. One that somebody has edited since becomes a new original, for later
// adoptions.
func (m Mover) current(o original, d *draft.File, stood map[string]record, first string) original {
	known := func(name string) bool { _, ok := stood[name]; return ok && name != first }
	if len(o.Steps) == 0 || !bytes.Equal(m.replay(d.Kind, o, known), d.Before) {
		return original{Path: d.Path, Text: awsfile.Text(d.Before)}
	}
	return o
}

// giveBack drafts the return of profiles to one file from its original, if they
// are all in it and nobody has edited the file; done says whether it was so.
func (m Mover) giveBack(o original, d *draft.File, adopted map[string]record, names []string) (done bool) {
	known := func(name string) bool { _, ok := adopted[name]; return ok }
	back, steps := map[string]bool{}, map[string]bool{}
	for _, name := range names {
		back[name] = true
	}
	for _, s := range o.Steps {
		steps[s.Name] = true
	}
	for _, name := range names {
		if adopted[name].Edits[nameOf(d)].Path == d.Path && !steps[name] {
			return false
		}
	}
	with := m.replay(d.Kind, o, known)
	without := m.replay(d.Kind, o, func(name string) bool { return known(name) && !back[name] })
	if len(o.Steps) == 0 || without == nil || !bytes.Equal(d.Before, with) && !bytes.Equal(d.Before, without) {
		return false
	}
	d.File = awsfile.Parse(d.Kind, without)
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
