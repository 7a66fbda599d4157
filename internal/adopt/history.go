package adopt

import (
	"slices"

	"fob/internal/awsfile"
	"fob/internal/draft"
	"fob/internal/fob"
	"fob/internal/processline"
)

// history edits one of the AWS files during a run and records how to undo each edit.
type history struct {
	mover    Mover
	draft    *draft.File
	original original
	inForce  map[string]record // adoptions in force when the run began
	standing awsfile.Standing
	recorder *awsfile.Recorder
	steps    []step // of this run
	changed  bool   // the original was edited
}

func newHistory(m Mover, d *draft.File, o original, inForce map[string]record) *history {
	hunks := standing(inForce, d)
	return &history{mover: m, draft: d, original: o, inForce: inForce,
		standing: awsfile.NewStanding(hunks), recorder: awsfile.NewRecorder(d.File, hunks)}
}

// checkpoint returns a function that forgets the steps from now on.
func (h *history) checkpoint() (undo func()) {
	n, o, changed := len(h.steps), h.original, h.changed
	return func() {
		h.steps, h.changed = h.steps[:n], changed
		h.original = o
	}
}

// record edits the file for a profile and returns the hunks that undo it, none if there
// was nothing to change. e is the edit of an earlier run, if there was one; the hunks then
// undo both. A new key that somebody has added to the section since is restored in the
// place of the adopted one.
func (h *history) record(s step, e edit, key *newKey) ([]awsfile.Hunk, error) {
	if err := s.removeDead(h.draft.File); err != nil {
		return nil, err
	}
	exchanged := false
	var base func(*awsfile.File) error
	if len(e.Hunks) > 0 && h.draft.Is(e.Path) {
		base = func(file *awsfile.File) error {
			err := h.standing.Revert(file, e.Hunks) // what was added since is adopted as well
			if have, _ := file.Section("profile", s.Name); err == nil || !processline.Calls(have.Keys["credential_process"], s.Name) {
				return nil
			}
			if key != nil {
				exchanged = true
				return h.exchange(file, s.Name, e, key)
			}
			return err // changed so much since that the earlier edit cannot be undone
		}
	}
	hunks, changed, err := h.recorder.Record(base, func(file *awsfile.File) error { return h.mover.strip(file, s.Name, s.Line) })
	if err != nil || !changed {
		return nil, err
	}
	if e.Path != "" && !h.draft.Is(e.Path) {
		return nil, fob.Errorf(fob.ErrConflict, "profile %q was adopted from %s, and is in %s too", s.Name, e.Path, h.draft.Path).
			WithHint("fob release %s, with the environment as it was then", s.Name)
	}
	if exchanged {
		h.original, h.changed = h.original.exchanged(h.draft.Kind, s.Name, key), true
		return hunks, nil
	}
	if len(h.steps) == 0 {
		h.original = h.mover.current(h.original, h.draft, h.inForce, s.Name)
	}
	h.steps = append(h.steps, s)
	return hunks, nil
}

// close adds the original with the steps of this run to the items for the vault.
func (h *history) close(items map[string]fob.Secret) error {
	if len(h.steps) == 0 && !h.changed {
		return nil
	}
	again := map[string]bool{}
	for _, s := range h.steps {
		again[s.Name] = true
	}
	o := h.original
	o.Steps = slices.DeleteFunc(slices.Clone(o.Steps), func(old step) bool { return again[old.Name] })
	o.Steps = append(o.Steps, h.steps...)
	text, err := o.secret()
	items[originalItem(nameOf(h.draft))] = text
	return err
}
