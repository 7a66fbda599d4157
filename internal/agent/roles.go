package agent

import (
	"context"
	"errors"
	"slices"
	"strings"

	"fob/internal/api"
	"fob/internal/fob"
	"fob/internal/principal"
)

// sessionRow is a sign-in in a listing of profiles.
func (a *Agent) sessionRow(s fob.Profile, paths fob.Paths) api.Row {
	row := api.Row{Name: s.Name, Origin: string(s.Origin)}
	kind, err := principal.Find(a.kinds, s)
	if err != nil || kind.Group == nil {
		return row // listed with its name only, so that one mistake does not hide the others
	}
	row.Kind, row.Section, row.Region = kind.Name, kind.SectionType(), s.Get(kind.Group.Region)
	if state, until := a.cachedState(kind.Ref(s.Name), paths); state != "" {
		row.State, row.Expiration = "signed in", until
	}
	return row
}

// session finds the sign-in for a name given to fob login or fob sync: a session, a profile's, or a
// start URL.
func (a *Agent) session(name string, r *request) (fob.Profile, error) {
	s, err := a.files.SignIn(name, r.caller.Paths)
	if err == nil {
		return s, nil
	}
	plan, other := a.signIn(name, r, nil)
	switch {
	case other == nil:
		return plan[0].Profile, nil
	case errors.Is(other, fob.ErrNotFound):
		return s, err // the error lists the sign-ins
	}
	return s, other
}

// roles lists the accounts and roles of a sign-in, as the last search found them.
func (a *Agent) roles(_ context.Context, r *request, p api.RolesParams) ([]api.Row, error) {
	s, err := a.session(p.Name, r)
	if err != nil {
		return nil, err
	}
	d, err := a.directories.Read(a.files.Source(s))
	if err != nil {
		return nil, err
	}
	reference, err := a.files.References(d, r.caller.Paths)
	if err != nil {
		return nil, err
	}
	if d.Synced.IsZero() {
		return nil, fob.Errorf(fob.ErrNotFound, "nothing is known yet of the accounts of %s", s.Name).WithHint("fob sync %s", p.Name)
	}
	region, err := a.files.Regions(s, r.caller.Paths)
	if err != nil {
		return nil, err
	}
	cached := a.broker.Names()
	rows, kind := []api.Row{}, a.files.RoleKind(s)
	for _, account := range d.Accounts {
		for _, role := range account.Roles {
			row := api.Row{Name: reference(account, role), Kind: kind, Source: s.Name, Origin: string(s.Origin),
				Account: account.ID, AccountName: account.Name, Email: account.Email, Role: role, Region: region(account, role)}
			if !matches(row, p.Filter) {
				continue
			}
			if cached[row.Name] {
				row.State, row.Expiration = a.cachedState(row.Name, r.caller.Paths)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// matches reports whether every word of a filter occurs in a row.
func matches(row api.Row, filter string) bool {
	text := strings.ToLower(row.Name + " " + row.Account + " " + row.AccountName + " " + row.Email + " " + row.Role)
	for word := range strings.FieldsSeq(strings.ToLower(filter)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// maxCompletions is more than a shell shows without asking.
const maxCompletions = 2000

// complete returns names that begin with a text: profiles, sign-ins and, after a sign-in's name,
// its roles.
func (a *Agent) complete(_ context.Context, r *request, p api.CompleteParams) ([]string, error) {
	names := []string{}
	sessions, err := a.files.SignIns(r.caller.Paths)
	if err != nil {
		return nil, err
	}
	for _, s := range sessions {
		if strings.HasPrefix(p.Prefix, s.Name+"/") {
			d, err := a.directories.Read(a.files.Source(s))
			if err != nil {
				return nil, err
			}
			names = append(names, d.Complete(p.Prefix, maxCompletions)...)
		} else if strings.HasPrefix(s.Name, p.Prefix) {
			names = append(names, s.Name+"/")
		}
	}
	all, err := a.files.Names(r.caller.Paths)
	if err != nil {
		return nil, err
	}
	for _, name := range all {
		if strings.HasPrefix(name, p.Prefix) && len(names) < maxCompletions {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
