package directory

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"fob/internal/fob"
)

// Search collects what a discovery finds. Its methods must not be called concurrently.
type Search struct {
	of      Source
	store   *Store
	journal *journal
	roles   map[string][]string // account id → roles, at first those from the journal
	done    map[string]bool     // ids of the accounts in the journal
	listed  []fob.Account
	failed  error // the first error of the journal
}

// Search begins a search of a source, or continues one that was interrupted. The caller
// holds [Store.Lock] and ends the search with [Search.Finish] or [Search.Stop].
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

// Done returns the ids of the accounts whose roles the interrupted search has found.
func (s *Search) Done() map[string]bool { return s.done }

// Count returns the number of accounts whose roles are known.
func (s *Search) Count() int { return len(s.roles) }

// Found adds an account: without roles when it is listed, and again with them.
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

// Stop ends an incomplete search and returns err. The journal stays for the next search.
func (s *Search) Stop(err error) error { return errors.Join(err, s.journal.close(false)) }

// Finish ends a complete search, saves the directory and returns it. Accounts that are
// only in the journal are dropped: they no longer exist.
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
	d := &Directory{Name: s.of.Name, Origin: s.of.Origin, Synced: time.Now().UTC()}
	for _, a := range s.listed {
		a.Roles = s.roles[a.ID]
		d.Accounts = append(d.Accounts, a)
	}
	slices.SortFunc(d.Accounts, func(a, b fob.Account) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return d
}
