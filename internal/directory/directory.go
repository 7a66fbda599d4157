package directory

import (
	"slices"
	"time"

	"fob/internal/fob"
)

// Directory is the accounts and roles of one source, as the last search found them.
// Those from [Store.Read] can be looked up in; they are shared and must not be modified.
type Directory struct {
	Name     string        `json:"session"`   // of the source
	Origin   string        `json:"start_url"` // of the source
	Synced   time.Time     `json:"synced"`    // when it was searched; zero if never
	Accounts []fob.Account `json:"accounts"`  // by name
	// Former are the names that accounts had before, by account id, the latest first. A
	// source_profile that was written with one still works after a rename.
	Former map[string][]string `json:"former,omitempty"`

	byID    map[string]int      // index in Accounts
	current map[string][]label  // by folded name or alias
	past    map[string][]label  // by folded former name
	shown   []string            // the name or id of each account in references
	aliases map[string][]string // by account id
}

// maxFormer bounds the former names of an account that are remembered.
const maxFormer = 8

// remember adds the names that accounts had in an older directory of the same origin.
func (d *Directory) remember(old *Directory) {
	if old.Origin != d.Origin {
		return
	}
	was := make(map[string]string, len(old.Accounts))
	for _, a := range old.Accounts {
		was[a.ID] = a.Name
	}
	for _, a := range d.Accounts {
		var names []string
		for _, name := range append([]string{was[a.ID]}, old.Former[a.ID]...) {
			if name != "" && name != a.Name && !slices.Contains(names, name) && len(names) < maxFormer {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			if d.Former == nil {
				d.Former = map[string][]string{}
			}
			d.Former[a.ID] = names
		}
	}
}
