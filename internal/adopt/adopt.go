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

// Adopt prepares to move profiles out of the AWS files: their secrets into the vault,
// their definitions into fob's own file. Their sections keep all other keys, such as
// region, and get a credential_process that calls exe.
//
// Without names, every profile that can be adopted is; the others are in the change with
// the reason why they are skipped. With names, the first that cannot be adopted is the
// error. Nothing is written before the change is applied; if the files have changed by
// then, [draft.ErrChanged] is in the error. Killed at any moment, an adoption leaves
// files that work, and the next one of the same names completes it.
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
		undo := a.checkpoint(name)
		moved, err := a.prepare(name)
		if err != nil {
			undo()
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
		d.Commit()
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

// reason returns why a profile is skipped, with the hint what to do about it.
func reason(err error) string {
	if hint := fob.HintOf(err); hint != "" {
		return err.Error() + " (" + hint + ")"
	}
	return err.Error()
}

// profileNames returns the profiles of both AWS files in file order, without those that
// fob generate has made.
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

// adoption is one run of [Mover.Adopt].
type adoption struct {
	Mover
	drafts  *draft.Files
	vault   Vault
	exe     string
	records map[string]record     // by profile, as they will be afterwards
	seq     int                   // number of the next adopted profile
	secrets map[string]fob.Secret // new secrets, by item of the vault
	kept    []string              // the keys of secrets, in the order in which they were added
	items   map[string]fob.Secret // new records and originals, by item of the vault
	users   map[string][]string   // access key id → profiles of fob's file with that key

	config, credentials *history
	chains              *chains
}

// begin reads what earlier adoptions have left. Everything that depends on all profiles
// is computed here, once, so that the cost of one profile does not grow with their
// number.
func (a *adoption) begin(names []string) error {
	v, err := a.Files.At(fob.Paths{Config: a.drafts.Config.Path, Credentials: a.drafts.Credentials.Path})
	if err != nil {
		return err
	}
	a.chains = newChains(a.Kinds, v)
	a.seq, a.users = next(a.records), map[string][]string{}
	defined := map[string]bool{}
	for _, s := range a.drafts.Own.Sections() {
		if s.Type == "profile" {
			defined[s.Name] = true
			id := s.Keys["aws_access_key_id"]
			a.users[id] = append(a.users[id], s.Name)
		}
	}
	// A record without a definition is of an adoption that was killed before it changed a
	// file, or of a release that was killed after it had restored them.
	inForce := maps.Clone(a.records)
	for _, name := range names {
		if !defined[name] {
			delete(inForce, name)
		}
	}
	for _, part := range []struct {
		file *draft.File
		to   **history
	}{{a.drafts.Config, &a.config}, {a.drafts.Credentials, &a.credentials}} {
		o, err := loadOriginal(a.vault, part.file)
		if err != nil {
			return err
		}
		*part.to = newHistory(a.Mover, part.file, o, inForce)
	}
	return nil
}

// checkpoint returns a function that undoes everything that is drafted for a profile
// from now on: it is adopted in all files or in none.
func (a *adoption) checkpoint(name string) (undo func()) {
	var undos []func()
	for _, d := range a.drafts.All() {
		undos = append(undos, d.Checkpoint())
	}
	for _, h := range []*history{a.config, a.credentials} {
		undos = append(undos, h.checkpoint())
	}
	r, known := a.records[name]
	n := len(a.kept)
	return func() {
		for _, f := range undos {
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

// prepare drafts the adoption of one profile. The result has no name if there is nothing
// to do and nothing to tell.
func (a *adoption) prepare(name string) (draft.Moved, error) {
	if err := a.chains.view.Sound(name); err != nil {
		return draft.Moved{}, err
	}
	p, exists := inAWSFiles(a.drafts, name)
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
		delete(a.records, name) // see begin
	}
	r, known := a.records[name]
	call, asks := processline.Parse(p.Get("credential_process"))
	calls := asks && call.Name == name
	if len(own.Keys) == 0 && len(p.Secrets) == 0 {
		switch process := p.Get("credential_process"); {
		case process == "" && defined && known: // somebody removed the line that calls fob: write it again
		case process == "" || defined && calls || asks && !calls:
			return draft.Moved{}, nil // it does not authenticate, is adopted already, or asks fob for another name
		default:
			return draft.Moved{}, onlyProcess(name, calls)
		}
	}
	if defined && !p.Secrets["aws_session_token"].IsZero() {
		return draft.Moved{}, sessionKeys(a.drafts, p) // whatever else is wrong: to remove fob's definition would not help
	}
	var key *newKey
	if defined && known {
		if key = currentKey(have.Keys, own, p); key.isNew() {
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
	if k, err := principal.Find(a.Kinds, p); err == nil {
		moved.Note = k.LimitsOf(p)
	}
	if key.isNew() {
		moved.Note = "the new access key " + key.id + " in place of " + key.old
	}
	// A line that calls fob without a definition was left by an adoption that was undone:
	// a release must restore the file without it.
	return moved, a.editFiles(p, own, step{name, line, calls && !defined}, key)
}

// onlyProcess is the error for a profile of which the AWS files have nothing but a
// credential_process, of fob itself or of another program.
func onlyProcess(name string, callsFob bool) error {
	if callsFob {
		return fob.Errorf(fob.ErrNotFound, "profile %q asks fob for credentials, but fob has no definition of it", name).
			WithHint("%s", principal.AddHint(name))
	}
	return fob.Errorf(fob.ErrUsage, "profile %q gets its credentials from another program", name)
}

// namesake is the error for a profile that fob's own file defines differently.
func (a *adoption) namesake(p fob.Profile) error {
	path := cmp.Or(where(a.drafts, p.Name, "aws_secret_access_key"), p.Path)
	err := fob.Errorf(fob.ErrConflict, "fob has a profile %q of its own already, and %s says something else", p.Name, path)
	if p.Secrets["aws_secret_access_key"].IsZero() {
		return err.WithHint("fob show %s; then remove that section, or: fob remove %s && fob adopt %s", p.Name, p.Name, p.Name)
	}
	return err.WithHint("the keys there are in clear, and tools may take them instead of fob's: delete them, or, if they are the right ones: fob remove %s && fob adopt %s", p.Name, p.Name)
}

// agrees reports whether a definition has all the keys that are in the AWS files, so that
// they can be the rest of an interrupted adoption of it.
func agrees(have, inAWS map[string]string) bool {
	for key, value := range inAWS {
		if have[key] != value {
			return false
		}
	}
	return true
}

// editFiles drafts the adoption of one profile in the three files and records how to
// undo it.
func (a *adoption) editFiles(p, own fob.Profile, s step, key *newKey) error {
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
			r.Edits[nameOf(h.draft)] = edit{h.draft.Kept, hunks}
			r.Seq = a.seq
		case again:
			r.Edits[nameOf(h.draft)] = e // an earlier run has edited this file
		}
	}
	a.seq++
	a.records[p.Name] = r
	text, err := r.secret()
	a.items[recordItem(p.Name)] = text
	return err
}

// apply writes in an order in which a kill at any point leaves profiles that work: the
// vault first, then fob's own file, and only then the AWS files, the one with the keys in
// clear last.
func (a *adoption) apply(ctx context.Context) error {
	locks := a.Home.Locks()
	return a.drafts.Alone(ctx, locks, func() error {
		if err := a.store(ctx); err != nil {
			return err
		}
		for _, d := range []*draft.File{a.drafts.Own, a.drafts.Config, a.drafts.Credentials} {
			if err := d.Write(ctx, locks); err != nil {
				return err
			}
		}
		_, err := a.Finish(ctx, a.vault)
		return err
	})
}
