package directory

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"fob/internal/fob"
)

// Search collects what a discovery finds.
type Search struct {
	of      Source
	store   *Store
	journal *journal
	roles   map[string][]string // account id → roles, of an interrupted search first
	done    map[string]bool     // accounts whose roles that search has found
	listed  []fob.Account
	failed  error // of the journal
}

// Search begins a search, or goes on with one that was interrupted. It ends with
// [Search.Finish] or [Search.Stop].
func (s *Store) Search(of Source) (*Search, error) {
	journal, found, err := s.openJournal(of)
	if err != nil {
		return nil, err
	}
	search := &Search{of: of, store: s, journal: journal, roles: map[string][]string{}, done: map[string]bool{}}
	for _, a := range found {
		search.roles[a.ID], search.done[a.ID] = a.Roles, true
	}
	return search, nil
}

// Done are the ids of the accounts whose roles the interrupted search has found.
func (s *Search) Done() map[string]bool { return s.done }

// Count is of how many accounts the roles are known.
func (s *Search) Count() int { return len(s.roles) }

// Found takes an account as it is listed, and again when its roles are known.
func (s *Search) Found(a fob.Account) {
	if a.Roles == nil {
		s.listed = append(s.listed, a)
		return
	}
	slices.Sort(a.Roles)
	s.roles[a.ID] = a.Roles
	if err := s.journal.add(a); err != nil && s.failed == nil {
		s.failed = fob.Errorf(fob.ErrInternal, "cannot keep what was found: %w", err).WithHint("check free space")
	}
}

// Stop ends a search that has not found everything, because of err; what it has
// found is kept for the next one.
func (s *Search) Stop(err error) error { return errors.Join(err, s.journal.close(false)) }

// Finish saves what was found, which is all there is. Accounts that only the
// interrupted search has met are gone.
func (s *Search) Finish() (*Directory, error) {
	if s.failed != nil {
		return nil, s.Stop(s.failed)
	}
	d := s.directory()
	if err := s.store.Save(d); err != nil {
		return nil, s.Stop(err)
	}
	return d, s.journal.close(true)
}

func (s *Search) directory() *Directory {
	d := &Directory{Session: s.of.Name, StartURL: s.of.Origin, Synced: time.Now().UTC()}
	for _, a := range s.listed {
		a.Roles = s.roles[a.ID]
		d.Accounts = append(d.Accounts, a)
	}
	slices.SortFunc(d.Accounts, func(a, b fob.Account) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return d
}
