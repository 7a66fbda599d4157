package directory

import (
	"slices"
	"time"

	"fob/internal/fob"
)

// Directory is what is known of the accounts and roles behind a sign-in: names
// and ids, nothing secret.
type Directory struct {
	Session  string        `json:"session"`
	StartURL string        `json:"start_url"` // another one is another directory
	Synced   time.Time     `json:"synced"`
	Accounts []fob.Account `json:"accounts"`
	// Former are names that accounts had before, by account id, the latest first: a
	// source_profile that was written with one goes on working.
	Former map[string][]string `json:"former,omitempty"`

	byID    map[string]int
	current map[string][]label  // folded names and aliases
	past    map[string][]label  // folded former names
	own     []string            // how references name each account
	aliases map[string][]string // by account id
}

// maxFormer is more names than an account has in its life.
const maxFormer = 8

// remember takes over the names that accounts had in an older directory.
func (d *Directory) remember(old *Directory) {
	if old.StartURL != d.StartURL {
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
