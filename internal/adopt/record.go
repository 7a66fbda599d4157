package adopt

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"fob/internal/awsfile"
	"fob/internal/draft"
	"fob/internal/fob"
)

// Vault is where secrets and records of adoption are kept.
type Vault interface {
	Get(name string) (fob.Secret, error)
	Names() ([]string, error)
	Update(ctx context.Context, edit func(items map[string]fob.Secret) error) error
}

// record is how a profile stood in the AWS files before it was adopted: what is
// needed to put it back byte for byte. It holds secrets, so it is in the vault.
type record struct {
	Seq   int             `json:"seq"` // adoptions in their order
	Edits map[string]edit `json:"edits"`
	// Replaced are the ids of keys that were adopted, and replaced by others in the AWS
	// files since: their secrets go.
	Replaced []string `json:"replaced,omitempty"`
}

// edit is what adoption did to one file.
type edit struct {
	Path  string         `json:"path"`
	Hunks []awsfile.Hunk `json:"hunks"`
}

// The two files of an edit.
const (
	inConfig      = "config"
	inCredentials = "credentials"
)

// nameOf is what records call a file.
func nameOf(d *draft.File) string {
	if d.Kind == awsfile.Credentials {
		return inCredentials
	}
	return inConfig
}

const recordPrefix = "adopted/"

func recordItem(name string) string { return recordPrefix + name }

func loadRecord(v Vault, name string) (record, bool, error) {
	text, err := v.Get(recordItem(name))
	if errors.Is(err, fob.ErrNotFound) {
		return record{}, false, nil
	}
	if err != nil {
		return record{}, false, err
	}
	var r record
	if json.Unmarshal([]byte(text.Reveal()), &r) != nil {
		return record{}, false, fob.Errorf(fob.ErrDamaged, "the vault's record of how profile %q was adopted cannot be read", name).
			WithHint("a newer fob may have written it")
	}
	return r, true, nil
}

// loadRecords returns all records by name.
func loadRecords(v Vault) (map[string]record, error) {
	items, err := v.Names()
	if err != nil {
		return nil, err
	}
	all := map[string]record{}
	for _, item := range items {
		name, ok := strings.CutPrefix(item, recordPrefix)
		if !ok {
			continue
		}
		r, ok, err := loadRecord(v, name)
		if err != nil {
			return nil, err
		}
		if ok {
			all[name] = r
		}
	}
	return all, nil
}

func (r record) secret() (fob.Secret, error) {
	text, err := json.Marshal(r)
	return fob.NewSecret(string(text)), err
}

// next is the number of the next adoption.
func next(all map[string]record) int {
	seq := 0
	for _, r := range all {
		seq = max(seq, r.Seq+1)
	}
	return seq
}

// standing are the hunks of a file that adoptions made and nobody took back, in
// the order of the adoptions.
func standing(all map[string]record, file, path string) []awsfile.Hunk {
	var hunks []awsfile.Hunk
	for _, name := range slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(all[a].Seq, all[b].Seq), cmp.Compare(a, b))
	}) {
		if e := all[name].Edits[file]; e.Path == path {
			hunks = append(hunks, e.Hunks...)
		}
	}
	return hunks
}
