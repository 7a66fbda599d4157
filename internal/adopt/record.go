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

// Vault keeps secrets and records of adoption, by the names of items. Get returns
// [fob.ErrNotFound] for an item that it does not have. Update saves all changes that edit
// makes, or none.
type Vault interface {
	Get(name string) (fob.Secret, error)
	Names() ([]string, error)
	Update(ctx context.Context, edit func(items map[string]fob.Secret) error) error
}

// record is how to undo the adoption of one profile, byte for byte. It holds secrets, so
// it is kept in the vault.
type record struct {
	Seq   int             `json:"seq"`   // the order of adoptions
	Edits map[string]edit `json:"edits"` // by file: inConfig, inCredentials
	// Replaced are the ids of adopted access keys that were replaced in the AWS files since.
	// Their secrets are deleted once no definition needs them.
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

// nameOf returns the name of a file in records.
func nameOf(d *draft.File) string {
	if d.Kind == awsfile.Credentials {
		return inCredentials
	}
	return inConfig
}

const recordPrefix = "adopted/"

func loadRecord(v Vault, name string) (record, bool, error) {
	text, err := v.Get(recordItem(name))
	if errors.Is(err, fob.ErrNotFound) {
		return record{}, false, nil
	}
	if err != nil {
		return record{}, false, err
	}
	r, err := parseRecord(text)
	if err != nil {
		return record{}, false, fob.Errorf(fob.ErrDamaged, "the vault's record of how profile %q was adopted cannot be read", name).
			WithHint("a newer fob may have written it")
	}
	return r, true, nil
}

func parseRecord(text fob.Secret) (r record, err error) {
	err = json.Unmarshal([]byte(text.Reveal()), &r)
	return r, err
}

func recordItem(name string) string { return recordPrefix + name }

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

// next returns the number of the next adopted profile.
func next(all map[string]record) int {
	seq := 0
	for _, r := range all {
		seq = max(seq, r.Seq+1)
	}
	return seq
}

// standing returns the hunks of all adoptions in force in a file, in the order of the
// adoptions.
func standing(all map[string]record, d *draft.File) []awsfile.Hunk {
	var hunks []awsfile.Hunk
	for _, name := range slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(all[a].Seq, all[b].Seq), cmp.Compare(a, b))
	}) {
		if e := all[name].Edits[nameOf(d)]; d.Is(e.Path) {
			hunks = append(hunks, e.Hunks...)
		}
	}
	return hunks
}
