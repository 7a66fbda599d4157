package agent

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"fob/internal/api"
	"fob/internal/fob"
	"fob/internal/profile"
)

// search collects what a discovery finds.
type search struct {
	journal *profile.Journal
	roles   map[string][]string // account id → roles, of an interrupted search first
	done    map[string]bool     // accounts whose roles that search has found
	listed  []fob.Account
	failed  error // of the journal
}

func newSearch(journal *profile.Journal, found []fob.Account) *search {
	s := &search{journal: journal, roles: map[string][]string{}, done: map[string]bool{}}
	for _, a := range found {
		s.roles[a.ID], s.done[a.ID] = a.Roles, true
	}
	return s
}

// found takes an account as it is listed, and again when its roles are known.
func (s *search) found(a fob.Account) {
	if a.Roles == nil {
		s.listed = append(s.listed, a)
		return
	}
	slices.Sort(a.Roles)
	s.roles[a.ID] = a.Roles
	if err := s.journal.Add(a); err != nil && s.failed == nil {
		s.failed = fob.Errorf(fob.ErrInternal, "cannot keep what was found: %w", err).WithHint("check free space")
	}
}

// directory is what was found. Accounts that only the interrupted search has met
// are gone.
func (s *search) directory(session fob.Profile) *profile.Directory {
	d := &profile.Directory{Session: session.Name, StartURL: session.Get("sso_start_url"), Synced: time.Now().UTC()}
	for _, a := range s.listed {
		a.Roles = s.roles[a.ID]
		d.Accounts = append(d.Accounts, a)
	}
	slices.SortFunc(d.Accounts, func(a, b fob.Account) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return d
}

// compare says what is new, gone or renamed. Accounts are the same while their
// ids are.
func compare(old, new *profile.Directory) api.SyncResult {
	before, names := map[[2]string]bool{}, map[string]string{}
	for _, a := range old.Accounts {
		names[a.ID] = a.Name
		for _, role := range a.Roles {
			before[[2]string{a.ID, role}] = true
		}
	}
	r := api.SyncResult{Session: new.Session, Accounts: len(new.Accounts), Appeared: []string{}, Gone: []string{}, Renamed: []string{}}
	for _, a := range new.Accounts {
		r.Roles += len(a.Roles)
		for _, role := range a.Roles {
			if !before[[2]string{a.ID, role}] {
				r.Appeared = append(r.Appeared, describe(a, role))
			}
			delete(before, [2]string{a.ID, role})
		}
		if old := names[a.ID]; old != "" && old != a.Name {
			r.Renamed = append(r.Renamed, fmt.Sprintf("%s → %s (%s)", old, a.Name, a.ID))
		}
	}
	for key := range before {
		r.Gone = append(r.Gone, describe(fob.Account{ID: key[0], Name: names[key[0]]}, key[1]))
	}
	slices.Sort(r.Appeared)
	slices.Sort(r.Gone)
	return r
}

func describe(a fob.Account, role string) string {
	return fmt.Sprintf("%s (%s) %s", cmp.Or(a.Name, "-"), a.ID, role)
}
