package directory

import (
	"cmp"
	"fmt"
	"slices"

	"fob/internal/fob"
)

// Changes is the difference between two directories of a source.
type Changes struct {
	Session  string   // name of the source
	Accounts int      // number in the new directory
	Roles    int      // number in the new directory
	Appeared []string // roles: NAME (ID) ROLE
	Gone     []string // roles
	Renamed  []string // accounts: OLD → NEW (ID)
}

// Compare returns what is new, gone or renamed. Accounts are identified by their ids.
func Compare(old, new *Directory) Changes {
	before, names := map[[2]string]bool{}, map[string]string{}
	for _, a := range old.Accounts {
		names[a.ID] = a.Name
		for _, role := range a.Roles {
			before[[2]string{a.ID, role}] = true
		}
	}
	c := Changes{Session: new.Name, Accounts: len(new.Accounts), Appeared: []string{}, Gone: []string{}, Renamed: []string{}}
	for _, a := range new.Accounts {
		c.Roles += len(a.Roles)
		for _, role := range a.Roles {
			if !before[[2]string{a.ID, role}] {
				c.Appeared = append(c.Appeared, describe(a, role))
			}
			delete(before, [2]string{a.ID, role})
		}
		if old := names[a.ID]; old != "" && old != a.Name {
			c.Renamed = append(c.Renamed, fmt.Sprintf("%s → %s (%s)", old, a.Name, a.ID))
		}
	}
	for key := range before {
		c.Gone = append(c.Gone, describe(fob.Account{ID: key[0], Name: names[key[0]]}, key[1]))
	}
	slices.Sort(c.Appeared)
	slices.Sort(c.Gone)
	return c
}

func describe(a fob.Account, role string) string {
	return fmt.Sprintf("%s (%s) %s", cmp.Or(a.Name, "-"), a.ID, role)
}
