package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"fob/internal/adopt"
	"fob/internal/api"
	"fob/internal/draft"
	"fob/internal/fob"
	"fob/internal/principal"
)

// adopt moves profiles out of the AWS files, after showing the changes.
func (a *Agent) adopt(ctx context.Context, r *request, p api.MoveParams) (api.MoveResult, error) {
	if err := a.warn(ctx, r); err != nil {
		return api.MoveResult{}, err
	}
	tellWarnings(ctx, r, adopt.OtherLinks(r.caller.Paths))
	profiles, signIns, err := a.adoptable(p.Names, r.caller.Paths)
	if err != nil {
		return api.MoveResult{}, err
	}
	result := api.MoveResult{Moved: []api.Moved{}}
	if len(profiles) > 0 || len(p.Names) == 0 {
		result, err = a.move(ctx, r, "adopt", p, func(_ api.MoveParams, v adopt.Vault) (*draft.Change, error) {
			return a.mover.Adopt(profiles, r.caller.Paths, a.files.LineExe(r.caller.Exe), v)
		})
	}
	if err != nil {
		return result, err
	}
	left, err := adopt.InClear(r.caller.Paths)
	if err != nil {
		return result, err
	}
	tellWarnings(ctx, r, left)
	if p.Shared == "" {
		return result, nil
	}
	taken := a.acceptShared(ctx, r, slices.Concat(profiles, signIns), p)
	result.Moved, result.Done = append(result.Moved, taken...), result.Done || len(taken) > 0
	return result, nil
}

// adoptable separates names of profiles from those of sign-ins. Without names it returns all
// sign-ins, as other tools may have left tokens for them.
func (a *Agent) adoptable(names []string, paths fob.Paths) (profiles, signIns []string, err error) {
	if len(names) == 0 {
		signIns, err = a.signIns(paths)
		return nil, signIns, err
	}
	have, err := a.files.Names(paths)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		p, err := a.files.Lookup(name, paths)
		kind, _ := principal.Find(a.kinds, p)
		if err == nil && kind.Group != nil && !slices.Contains(have, name) {
			signIns = append(signIns, name)
		} else {
			profiles = append(profiles, name)
		}
	}
	return profiles, signIns, nil
}

// signIns returns the names of all sign-ins: sessions, and the start URLs of profiles without one.
func (a *Agent) signIns(paths fob.Paths) ([]string, error) {
	sessions, err := a.files.SignIns(paths)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range sessions {
		names = append(names, s.Name)
	}
	return append(names, a.files.InlineSignIns(paths)...), nil
}

// warn tells where SDKs read the user's files differently.
func (a *Agent) warn(ctx context.Context, r *request) error {
	warnings, err := a.files.Warnings(r.caller.Paths)
	if err != nil {
		return err
	}
	tellWarnings(ctx, r, warnings)
	return nil
}

// warnOfShadows tells which of fob's profiles SDKs do not take from fob. With a name, it is
// about that profile alone.
func (a *Agent) warnOfShadows(ctx context.Context, r *request, name string) error {
	shadows, err := a.files.Shadows(name, r.caller.Paths)
	if err != nil {
		return err
	}
	tellWarnings(ctx, r, shadows)
	return nil
}

func tellWarnings(ctx context.Context, r *request, warnings []string) {
	for i, w := range warnings {
		if i == maxWarnings {
			r.ui.Tell(ctx, fmt.Sprintf("and %d more warnings", len(warnings)-i))
			break
		}
		r.ui.Tell(ctx, "warning: "+w)
	}
}

// maxWarnings limits the output to what fits on a screen.
const maxWarnings = 20

// release moves profiles back.
func (a *Agent) release(ctx context.Context, r *request, p api.MoveParams) (api.MoveResult, error) {
	return a.move(ctx, r, "release", p, func(p api.MoveParams, v adopt.Vault) (*draft.Change, error) {
		return a.mover.Release(p.Names, r.caller.Paths, v)
	})
}

// preparer is [adopt.Mover.Adopt] or its inverse.
type preparer func(p api.MoveParams, v adopt.Vault) (*draft.Change, error)

func (a *Agent) move(ctx context.Context, r *request, verb string, p api.MoveParams, prepare preparer) (api.MoveResult, error) {
	var all parts
	if r.caller.Paths.Same() {
		once := *r
		once.ui.ConfirmFunc = all.confirm(r.ui)
		r = &once
	}
	for attempt := 1; ; attempt++ {
		result, err := a.moveOnce(ctx, r, p, verb, prepare)
		if !errors.Is(err, draft.ErrChanged) || attempt == moveAttempts {
			return all.add(result), err
		}
		if r.caller.Paths.Same() {
			all.result = all.add(result)
		}
		// Another fob was first, or the files were edited. The change is prepared and shown again.
	}
}

// moveAttempts is how often a move is prepared again because the files changed. Of many concurrent
// moves one succeeds each time.
const moveAttempts = 50

func (a *Agent) moveOnce(ctx context.Context, r *request, p api.MoveParams, verb string, prepare preparer) (api.MoveResult, error) {
	m, err := a.prepare(ctx, r, p, prepare)
	if err != nil {
		return api.MoveResult{}, err
	}
	return a.carryOut(ctx, r, verb+" "+count(moving(m), "profile"), p.DryRun, m)
}

// carryOut applies a prepared change after the user has agreed.
func (a *Agent) carryOut(ctx context.Context, r *request, title string, dryRun bool, m *draft.Change) (api.MoveResult, error) {
	result := api.MoveResult{Diff: m.Diff, Moved: moved(m)}
	if dryRun || !m.Changes() {
		return result, nil
	}
	if err := r.ui.Confirm(ctx, fob.Confirmation{Title: title, Detail: m.Diff}); err != nil {
		return result, err
	}
	if err := m.Apply(ctx); err != nil {
		return result, err
	}
	result.Done = true
	return result, nil
}

// prepare prepares a change. On a machine without a vault it first tries with an empty one: if
// there is nothing to move, no vault is made.
func (a *Agent) prepare(ctx context.Context, r *request, p api.MoveParams, prepare preparer) (*draft.Change, error) {
	if !a.vault.Exists() {
		if m, err := prepare(p, noVault{}); err != nil || p.DryRun || !m.Changes() {
			return m, err
		}
	}
	if err := a.vault.EnsureUnlocked(ctx, r.ui); err != nil {
		return nil, err
	}
	v, err := a.vault.Vault()
	if err != nil {
		return nil, err
	}
	return prepare(p, v)
}

// noVault stands for a vault that does not exist yet.
type noVault struct{}

func (noVault) Get(name string) (fob.Secret, error) {
	return fob.Secret{}, fob.Errorf(fob.ErrNotFound, "there is no vault, and so no %s", name).WithHint("fob vault init")
}

func (noVault) Names() ([]string, error) { return nil, nil }

func (noVault) Update(context.Context, func(map[string]fob.Secret) error) error {
	return fob.Errorf(fob.ErrNotFound, "there is no vault").WithHint("fob vault init")
}

func moved(m *draft.Change) []api.Moved {
	list := []api.Moved{}
	for _, one := range m.Moved {
		list = append(list, api.Moved{Name: one.Name, Kind: one.Kind, Skipped: one.Skipped, Note: one.Note})
	}
	return list
}

func moving(m *draft.Change) int {
	n := 0
	for _, one := range m.Moved {
		if one.Skipped == "" {
			n++
		}
	}
	return n
}
