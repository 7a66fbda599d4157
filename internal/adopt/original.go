package adopt

import (
	"bytes"
	"encoding/json"
	"errors"

	"fob/internal/awsfile"
	"fob/internal/draft"
	"fob/internal/fob"
)

// original is one of the AWS files as it was before the first adoption in force, with the
// adoptions since. While nobody else edits the file, releasing some profiles means to
// adopt the other ones again in the original, which is exact to the byte in any order.
// It holds secrets, so it is kept in the vault.
type original struct {
	Path  string       `json:"path"`
	Text  awsfile.Text `json:"text"`
	Steps []step       `json:"steps"`
}

// step is the adoption of one profile in the file.
type step struct {
	Name string `json:"name"`
	Line string `json:"line,omitempty"` // the credential_process that was set; none in the credentials file
	// Dead says that the section had a line that called fob without a definition. It is
	// not restored.
	Dead bool `json:"dead,omitempty"`
}

const originalPrefix = "original/"

func originalItem(file string) string { return originalPrefix + file }

func loadOriginal(v Vault, d *draft.File) (original, error) {
	text, err := v.Get(originalItem(nameOf(d)))
	if errors.Is(err, fob.ErrNotFound) {
		return original{Path: d.Kept}, nil
	}
	if err != nil {
		return original{}, err
	}
	o, err := parseOriginal(text)
	if err != nil || !d.Is(o.Path) {
		return original{Path: d.Kept}, nil // of another file; the records still undo by their hunks
	}
	return o, nil
}

func parseOriginal(text fob.Secret) (o original, err error) {
	err = json.Unmarshal([]byte(text.Reveal()), &o)
	return o, err
}

// replay returns the content that the file has if, of the steps, the profiles that keep
// selects are adopted; nil if a step cannot be repeated.
func (m Mover) replay(kind awsfile.Kind, o original, keep func(name string) bool) []byte {
	file := awsfile.Parse(kind, []byte(o.Text))
	for _, s := range o.Steps {
		if s.removeDead(file) != nil || keep(s.Name) && m.strip(file, s.Name, s.Line) != nil {
			return nil
		}
		file.Commit()
	}
	return file.Bytes()
}

// removeDead removes the line of a step that is [step.Dead].
func (s step) removeDead(file *awsfile.File) error {
	if !s.Dead {
		return nil
	}
	return file.Unset("profile", s.Name, "credential_process")
}

// current returns the original to which the first step of a run is added. If somebody has
// edited the file since, its present content becomes a new original.
func (m Mover) current(o original, d *draft.File, inForce map[string]record, first string) original {
	known := func(name string) bool { _, ok := inForce[name]; return ok && name != first }
	if len(o.Steps) == 0 || !bytes.Equal(m.replay(d.Kind, o, known), d.Before) {
		return original{Path: d.Kept, Text: awsfile.Text(d.Before)}
	}
	return o
}

// restoreFrom drafts the release of profiles in one file from its original. done is false
// if one of them is not in the original or somebody has edited the file.
func (m Mover) restoreFrom(o original, d *draft.File, adopted map[string]record, names []string) (done bool) {
	known := func(name string) bool { _, ok := adopted[name]; return ok }
	back, steps := map[string]bool{}, map[string]bool{}
	for _, name := range names {
		back[name] = true
	}
	for _, s := range o.Steps {
		steps[s.Name] = true
	}
	for _, name := range names {
		if adopted[name].Edits[nameOf(d)].Path != "" && d.Is(adopted[name].Edits[nameOf(d)].Path) && !steps[name] {
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
