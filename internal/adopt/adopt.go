package adopt

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"fob/internal/awsfile"
	"fob/internal/draft"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/processline"
	"fob/internal/profile"
)

// Mover moves definitions between the AWS files and fob's own.
type Mover struct {
	Home  fob.Home
	Kinds []principal.Kind
	Files *profile.Files
}

// Adopt prepares to move profiles out of the AWS files: their secrets into the
// vault, their definitions into fob's own file. What stays behind is a
// credential_process that calls exe, beside the section's other keys. Without
// names it takes all that can be adopted; named ones that cannot are an error.
func (m Mover) Adopt(names []string, paths fob.Paths, exe string, v Vault) (*draft.Change, error) {
	d, err := draft.Read(m.Home, paths)
	if err != nil {
		return nil, err
	}
	a := &adoption{Mover: m, drafts: d, vault: v, exe: exe, secrets: map[string]fob.Secret{}, items: map[string]fob.Secret{}}
	if a.records, err = loadRecords(v); err != nil {
		return nil, err
	}
	all := len(names) == 0
	if all {
		names = profileNames(d)
	}
	if err := a.begin(names); err != nil {
		return nil, err
	}
	change := &draft.Change{}
	for _, name := range names {
		back := a.mark(name)
		moved, err := a.take(name)
		if err != nil {
			back()
		}
		if err != nil && !all {
			return nil, err
		}
		if err != nil {
			moved = draft.Moved{Name: name, Skipped: reason(err)}
		}
		if moved.Name != "" {
			change.Moved = append(change.Moved, moved)
		}
		d.Settle()
	}
	for _, h := range []*history{a.config, a.credentials} {
		if err := h.close(a.items); err != nil {
			return nil, err
		}
	}
	if change.Diff = d.Diff(); change.Diff != "" {
		change.Apply = a.apply
	}
	return change, nil
}

// reason is why a profile is left alone, and what to do about it.
func reason(err error) string {
	if hint := fob.HintOf(err); hint != "" {
		return err.Error() + " (" + hint + ")"
	}
	return err.Error()
}

// profileNames are the profiles of both files, in file order,
// without those that fob generate has made: there may be thousands.
func profileNames(d *draft.Files) []string {
	var names []string
	seen := map[string]bool{}
	for _, file := range []*awsfile.File{d.Config.File, d.Credentials.File} {
		for _, s := range file.Sections() {
			if s.Type == "profile" && !seen[s.Name] && s.Keys[profile.GeneratedKey] == "" {
				seen[s.Name] = true
				names = append(names, s.Name)
			}
		}
	}
	return names
}

type adoption struct {
	Mover
	drafts  *draft.Files
	vault   Vault
	exe     string
	records map[string]record     // by profile, as they will be
	seq     int                   // of the next adoption
	secrets map[string]fob.Secret // items of the vault: secrets, as they will be
	kept    []string              // the names of those, in the order in which they came
	items   map[string]fob.Secret // and the records of this adoption
	users   map[string][]string   // access key id → profiles that fob has of it

	config, credentials *history
	chains              *chains
}

// begin looks at what was adopted before. Everything that is to be known of all
// profiles is found out here, once, so that adopting one costs the same whatever
// their number.
func (a *adoption) begin(names []string) error {
	v, err := a.Files.At(fob.Paths{Config: a.drafts.Config.Path, Credentials: a.drafts.Credentials.Path})
	if err != nil {
		return err
	}
	a.chains = &chains{a.Kinds, v, map[string]looked{}}
	a.seq, a.users = next(a.records), map[string][]string{}
	defined := map[string]bool{}
	for _, s := range a.drafts.Own.Sections() {
		if s.Type == "profile" {
			defined[s.Name] = true
			id := s.Keys["aws_access_key_id"]
			a.users[id] = append(a.users[id], s.Name)
		}
	}
	// Of those that are to be adopted now, some have a record and no definition: what
	// is recorded has not happened, or has been taken back.
	stood := maps.Clone(a.records)
	for _, name := range names {
		if !defined[name] {
			delete(stood, name)
		}
	}
	for _, part := range []struct {
		file *draft.File
		to   **history
	}{{a.drafts.Config, &a.config}, {a.drafts.Credentials, &a.credentials}} {
		o, err := loadOriginal(a.vault, nameOf(part.file), part.file.Path)
		if err != nil {
			return err
		}
		*part.to = newHistory(a.Mover, part.file, o, stood)
	}
	return nil
}

// mark returns what takes back everything drafted since for a profile: it is adopted
// in all files, or in none.
func (a *adoption) mark(name string) (back func()) {
	var undo []func()
	for _, d := range a.drafts.All() {
		undo = append(undo, d.Checkpoint())
	}
	for _, h := range []*history{a.config, a.credentials} {
		undo = append(undo, h.mark())
	}
	r, known := a.records[name]
	n := len(a.kept)
	return func() {
		for _, f := range undo {
			f()
		}
		delete(a.records, name)
		if known {
			a.records[name] = r
		}
		delete(a.items, recordItem(name))
		for _, item := range a.kept[n:] {
			delete(a.secrets, item)
		}
		a.kept = a.kept[:n]
	}
}

// take drafts the adoption of one profile. The name is empty in the answer if
// there is nothing to say about it.
func (a *adoption) take(name string) (draft.Moved, error) {
	p, exists := outside(a.drafts, name)
	if !exists {
		return draft.Moved{}, fob.Errorf(fob.ErrNotFound, "no profile %q in %s or %s", name, a.drafts.Config.Path, a.drafts.Credentials.Path).
			WithHint("fob list")
	}
	own := a.definition(p)
	have, defined := a.drafts.Own.Section("profile", name)
	line, err := processline.Call{Exe: a.exe, Name: name}.Line()
	if err != nil {
		return draft.Moved{}, err
	}
	if !defined {
		// An adoption was stopped before it changed any file, or a release after
		// it had put all of them back: its record is of no use.
		delete(a.records, name)
	}
	r, known := a.records[name]
	calls := processline.Calls(p.Get("credential_process"), name)
	var key *newKey
	if len(own.Keys) == 0 && len(p.Secrets) == 0 {
		call, asks := processline.Parse(p.Get("credential_process"))
		switch process := p.Get("credential_process"); {
		case process == "" && defined && known: // the line that calls fob was taken away, and comes back
		case process == "" || defined && calls || asks && call.Name != name:
			return draft.Moved{}, nil // it never authenticated, is adopted already, or means another
		case calls:
			return draft.Moved{}, fob.Errorf(fob.ErrNotFound, "profile %q asks fob for credentials, but fob has no definition of it", name).
				WithHint("fob add user %s, or fob add role %s", name, name)
		default:
			return draft.Moved{}, fob.Errorf(fob.ErrUsage, "profile %q gets its credentials from another program", name)
		}
	}
	if defined && known {
		if key = again(have.Keys, own, p); key.isNew() {
			r.Replaced = append(slices.Clone(r.Replaced), key.old)
			a.records[name] = r
		}
	}
	if defined && !key.isNew() && !(known && agrees(have.Keys, own.Keys)) {
		return draft.Moved{}, a.namesake(p)
	}
	kind, err := a.check(p)
	if err != nil {
		return draft.Moved{}, err
	}
	moved := draft.Moved{Name: name, Kind: kind}
	if kind != "" {
		if err := a.chains.whole(name); err != nil {
			return draft.Moved{}, err
		}
	}
	if key.isNew() {
		moved.Note = "the new access key " + key.id + " in place of " + key.old
	}
	// A line that calls fob without a definition is left of an adoption that was taken
	// back: what is to be restored one day is the file without it.
	return moved, a.draft(p, own, step{name, line, calls && !defined}, key)
}

// namesake is why a profile is left alone that fob has a definition of.
func (a *adoption) namesake(p fob.Profile) error {
	path := cmp.Or(where(a.drafts, p.Name, "aws_secret_access_key"), p.Path)
	err := fob.Errorf(fob.ErrConflict, "fob has a profile %q of its own already, and %s says something else", p.Name, path)
	if p.Secrets["aws_secret_access_key"].IsZero() {
		return err.WithHint("fob show %s; then remove that section, or: fob remove %s && fob adopt %s", p.Name, p.Name, p.Name)
	}
	return err.WithHint("the keys there are in clear, and tools may take them instead of fob's: delete them, or, if they are the right ones: fob remove %s && fob adopt %s", p.Name, p.Name)
}

// agrees reports whether an unfinished adoption was of the same definition: what
// is left in the AWS files is all in the definition.
func agrees(have, left map[string]string) bool {
	for key, value := range left {
		if have[key] != value {
			return false
		}
	}
	return true
}

// draft edits the three files for one profile and records how to undo that.
func (a *adoption) draft(p, own fob.Profile, s step, key *newKey) error {
	for _, key := range a.Files.Ordered(own) {
		if err := a.drafts.Own.Set("profile", p.Name, key, own.Keys[key]); err != nil {
			return err
		}
	}
	old := a.records[p.Name]
	r := record{Seq: old.Seq, Edits: map[string]edit{}, Replaced: old.Replaced}
	for _, h := range []*history{a.config, a.credentials} {
		if h == a.credentials {
			s = step{Name: s.Name}
		}
		e, again := old.Edits[nameOf(h.draft)]
		hunks, err := h.record(s, e, key)
		if err != nil {
			return err
		}
		switch {
		case len(hunks) > 0:
			r.Edits[nameOf(h.draft)] = edit{h.draft.Path, hunks}
			r.Seq = a.seq
		case again:
			r.Edits[nameOf(h.draft)] = e // a run before this one did it, and its record stays
		}
	}
	a.seq++
	a.records[p.Name] = r
	text, err := r.secret()
	a.items[recordItem(p.Name)] = text
	return err
}

// apply goes in the order in which every stop in between still works: first
// everything is in the vault, then in fob's file, and only then is anything
// taken out of the AWS files, the keys in clear last.
func (a *adoption) apply(ctx context.Context) error {
	locks := a.Home.Locks()
	return alone(ctx, a.drafts, locks, func() error {
		if err := a.seal(ctx); err != nil {
			return err
		}
		for _, d := range []*draft.File{a.drafts.Own, a.drafts.Config, a.drafts.Credentials} {
			if err := d.Write(ctx, locks); err != nil {
				return err
			}
		}
		return a.forget(ctx)
	})
}
