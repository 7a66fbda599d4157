package agent

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"fob/internal/api"
	"fob/internal/draft"
	"fob/internal/fob"
	"fob/internal/generate"
)

// generate writes sections for roles into ~/.aws/config.
func (a *Agent) generate(ctx context.Context, r *request, p api.GenerateParams) (api.MoveResult, error) {
	s, err := a.session(p.Session, r)
	if err != nil {
		return api.MoveResult{}, err
	}
	d, err := a.directories.Read(a.files.Source(s))
	if err != nil {
		return api.MoveResult{}, err
	}
	if d.Synced.IsZero() {
		return api.MoveResult{}, fob.Errorf(fob.ErrNotFound, "the accounts of %s are not known yet", s.Name).WithHint("fob sync %s", p.Session)
	}
	m, err := a.generator.Prepare(ctx, generate.Options{
		Session: s, Name: cmp.Or(p.Template, generate.DefaultName), Region: p.Region, Prune: p.Prune,
		Wanted: func(reference string, account fob.Account, role string) bool {
			return matches(api.Row{Name: reference, Account: account.ID, AccountName: account.Name, Email: account.Email, Role: role}, p.Filter)
		},
	}, r.caller.Paths, a.files.LineExe(r.caller.Exe))
	if err != nil {
		return api.MoveResult{}, err
	}
	return a.carryOut(ctx, r, generation(m), p.DryRun, m)
}

// generation says what will happen to how many sections.
func generation(m *draft.Change) string {
	removed := 0
	for _, one := range m.Moved {
		if one.Note == generate.NoteRemoved {
			removed++
		}
	}
	var parts []string
	if n := len(m.Moved) - removed; n > 0 {
		parts = append(parts, "generate "+count(n, "profile"))
	}
	if removed > 0 {
		parts = append(parts, "remove "+count(removed, "profile"))
	}
	return strings.Join(parts, " and ")
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}
