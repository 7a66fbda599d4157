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
func (f *Files) replay(kind awsfile.Kind, o original, keep func(name string) bool) []byte {
	file := awsfile.Parse(kind, []byte(o.Text))
	for _, s := range o.Steps {
		if s.bury(file) != nil || keep(s.Name) && f.strip(file, s.Name, s.Line) != nil {
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

// history is one of the AWS files during an adoption.
type history struct {
	files    *Files
	draft    *draft
	original original
	stood    map[string]record // adoptions that stood when this one began
	standing awsfile.Standing
	recorder *awsfile.Recorder
	steps    []step // of this adoption
	changed  bool   // the original itself is another now
}

func newHistory(f *Files, d *draft, o original, stood map[string]record) *history {
	hunks := standing(stood, d.name(), d.path)
	return &history{files: f, draft: d, original: o, stood: stood,
		standing: awsfile.NewStanding(hunks), recorder: awsfile.NewRecorder(d.file, hunks)}
}

// mark returns what takes back the steps since.
func (h *history) mark() (back func()) {
	n, o, changed := len(h.steps), h.original, h.changed
	return func() {
		h.steps, h.changed = h.steps[:n], changed
		h.original = o
	}
}

// record edits the file for a profile, of which e is what an earlier run may have
// done, and returns how to take both back. There is nothing to return if this
// run has nothing to change. A key that somebody has put there in place of the one
// that was adopted is restored in that one's place.
func (h *history) record(s step, e edit, key *newKey) ([]awsfile.Hunk, error) {
	if err := s.bury(h.draft.file); err != nil {
		return nil, err
	}
	exchanged := false
	var base func(*awsfile.File) error
	if len(e.Hunks) > 0 && e.Path == h.draft.path {
		base = func(file *awsfile.File) error {
			err := h.standing.Revert(file, e.Hunks) // what was edited since is adopted as well
			if have, _ := file.Section("profile", s.Name); err == nil || !callsFob(have.Keys["credential_process"], s.Name) {
				return nil
			}
			if key != nil {
				exchanged = true
				return h.exchange(file, s.Name, e, key)
			}
			return err // adopted, and then changed beyond what could be taken back
		}
	}
	hunks, changed, err := h.recorder.Record(base, func(file *awsfile.File) error { return h.files.strip(file, s.Name, s.Line) })
	if err != nil || !changed {
		return nil, err
	}
	if e.Path != "" && e.Path != h.draft.path {
		return nil, fob.Errorf(fob.ErrConflict, "profile %q was adopted from %s, and is in %s too", s.Name, e.Path, h.draft.path).
			WithHint("fob release %s, with the environment as it was then", s.Name)
	}
	if exchanged {
		h.original, h.changed = h.original.exchanged(h.draft.kind, s.Name, key), true
		return hunks, nil
	}
	if len(h.steps) == 0 {
		h.original = h.files.current(h.original, h.draft, h.stood, s.Name)
	}
	h.steps = append(h.steps, s)
	return hunks, nil
}

// exchange takes back an adoption from a section that has a new key beside the line
// that calls fob, as if it had been there before the adoption.
func (h *history) exchange(file *awsfile.File, name string, e edit, key *newKey) error {
	for _, k := range []string{"aws_access_key_id", "aws_secret_access_key"} {
		if err := file.Unset("profile", name, k); err != nil {
			return err
		}
	}
	if h.standing.Revert(file, e.Hunks) != nil || !key.putIn(file, name) {
		return fob.Errorf(fob.ErrConflict, "profile %q has a new access key in %s, and the one that was adopted was elsewhere, or more was changed", name, h.draft.path).
			WithHint("take the two lines of the new key out of %s, type them at: aws configure --profile %s; then: fob adopt %s", h.draft.path, name, name)
	}
	return nil
}

// exchanged is the original as if a new key had been there in place of the old one.
func (o original) exchanged(kind awsfile.Kind, name string, key *newKey) original {
	file := awsfile.Parse(kind, []byte(o.Text))
	if key.putIn(file, name) {
		return original{o.Path, awsfile.Text(file.Bytes()), o.Steps}
	}
	steps := slices.DeleteFunc(slices.Clone(o.Steps), func(s step) bool { return s.Name == name })
	return original{o.Path, o.Text, steps} // the record serves
}

// current is the original to add an adoption to, which is the first to change the
// file. One that somebody has edited since becomes a new original, for later
// adoptions.
func (f *Files) current(o original, d *draft, stood map[string]record, first string) original {
	known := func(name string) bool { _, ok := stood[name]; return ok && name != first }
	if len(o.Steps) == 0 || !bytes.Equal(f.replay(d.kind, o, known), d.before) {
		return original{Path: d.path, Text: awsfile.Text(d.before)}
	}
	return o
}

// close adds what was done to the items for the vault.
func (h *history) close(items map[string]fob.Secret) error {
	if len(h.steps) == 0 && !h.changed {
		return nil
	}
	again := map[string]bool{}
	for _, s := range h.steps {
		again[s.Name] = true
	}
	o := h.original
	o.Steps = slices.DeleteFunc(slices.Clone(o.Steps), func(old step) bool { return again[old.Name] })
	o.Steps = append(o.Steps, h.steps...)
	text, err := o.secret()
	items[originalItem(h.draft.name())] = text
	return err
}

// giveBack drafts the return of profiles to one file from its original, if they
// are all in it and nobody has edited the file; done says whether it was so.
func (f *Files) giveBack(o original, d *draft, adopted map[string]record, names []string) (done bool) {
	known := func(name string) bool { _, ok := adopted[name]; return ok }
	back, steps := map[string]bool{}, map[string]bool{}
	for _, name := range names {
		back[name] = true
	}
	for _, s := range o.Steps {
		steps[s.Name] = true
	}
	for _, name := range names {
		if adopted[name].Edits[d.name()].Path == d.path && !steps[name] {
			return false
		}
	}
	with := f.replay(d.kind, o, known)
	without := f.replay(d.kind, o, func(name string) bool { return known(name) && !back[name] })
	if len(o.Steps) == 0 || without == nil || !bytes.Equal(d.before, with) && !bytes.Equal(d.before, without) {
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
