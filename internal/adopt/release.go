package adopt

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"fob/internal/awsfile"
	"fob/internal/draft"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/processline"
	"fob/internal/quote"
)

// Release prepares the inverse of [Mover.Adopt]: it restores the sections in the AWS files
// byte for byte and removes the definitions from fob's own file. The error is
// [fob.ErrNotFound] for a profile that was not adopted, and [fob.ErrConflict] if its
// section was edited so much that it cannot be restored.
func (m Mover) Release(names []string, paths fob.Paths, v Vault) (*draft.Change, error) {
	d, err := draft.Read(m.Home, paths)
	if err != nil {
		return nil, err
	}
	r := &releasing{Mover: m, drafts: d, vault: v, keys: map[string]string{}, exact: map[string]bool{},
		standing: map[string]awsfile.Standing{}, were: map[string]*awsfile.File{}}
	if r.adopted, err = loadRecords(v); err != nil {
		return nil, err
	}
	records := map[string]record{}
	for _, name := range names {
		if records[name], err = r.record(name); err != nil {
			return nil, err
		}
	}
	for _, one := range []*draft.File{d.Config, d.Credentials} {
		o, err := loadOriginal(v, one)
		if err != nil {
			return nil, err
		}
		r.exact[nameOf(one)] = m.restoreFrom(o, one, r.adopted, names)
		r.standing[nameOf(one)] = awsfile.NewStanding(standing(r.adopted, one))
		r.were[nameOf(one)] = awsfile.Parse(one.Kind, one.Before)
	}
	// The last adoption first, which is the order that can undo most.
	names = slices.SortedStableFunc(slices.Values(names), func(a, b string) int { return cmp.Compare(records[b].Seq, records[a].Seq) })
	change := &draft.Change{}
	for _, name := range names {
		moved, err := r.prepare(name, records[name])
		if err != nil {
			return nil, err
		}
		change.Moved = append(change.Moved, moved)
		d.Commit()
	}
	change.Diff, change.Apply = d.Diff(), r.apply
	return change, nil
}

// releasing is one run of [Mover.Release].
type releasing struct {
	Mover
	drafts *draft.Files
	vault  Vault
	names  []string
	keys   map[string]string // profile → access key id, to be checked and deleted

	adopted  map[string]record // all adopted profiles
	exact    map[string]bool   // files that are restored from their originals
	standing map[string]awsfile.Standing
	were     map[string]*awsfile.File // the files before the release
}

// variable is the variable of each file.
func variable(file string) string {
	if file == inCredentials {
		return "AWS_SHARED_CREDENTIALS_FILE"
	}
	return "AWS_CONFIG_FILE"
}

func (r *releasing) record(name string) (record, error) {
	rec, known, err := loadRecord(r.vault, name)
	if err != nil || known {
		return rec, err
	}
	missing := fob.Errorf(fob.ErrNotFound, "profile %q was not adopted, so there is nothing to put back", name)
	if _, defined := r.drafts.Own.Section("profile", name); defined {
		return rec, missing.WithHint("fob show %s prints a section for ~/.aws/config; fob remove %s removes it here", name, name)
	}
	return rec, missing.WithHint("fob list")
}

// prepare drafts the release of one profile. A file that has its section back already,
// after an interrupted adoption or release, stays as it is.
func (r *releasing) prepare(name string, rec record) (draft.Moved, error) {
	if p, _ := inAWSFiles(r.drafts, name); !p.Secrets["aws_session_token"].IsZero() { // written since: none is adopted
		return draft.Moved{}, sessionKeys(r.drafts, p)
	}
	var conflict error
	for _, part := range []struct {
		name string
		file *draft.File
	}{{inCredentials, r.drafts.Credentials}, {inConfig, r.drafts.Config}} {
		e, edited := rec.Edits[part.name]
		if !edited {
			continue
		}
		if !part.file.Is(e.Path) {
			return draft.Moved{}, fob.Errorf(fob.ErrUsage, "profile %q was adopted from %s, and your environment names %s", name, e.Path, part.file.Path).
				WithHint("%s=%s fob release %s", variable(part.name), e.Path, quote.Word(name))
		}
		if r.exact[part.name] {
			continue
		}
		if err := r.standing[part.name].Revert(part.file.File, e.Hunks); errors.Is(err, fob.ErrConflict) {
			conflict = err
		} else if err != nil {
			return draft.Moved{}, err
		}
	}
	own, defined := r.drafts.Own.Section("profile", name)
	p, _ := inAWSFiles(r.drafts, name)
	if conflict != nil && !r.standsAlone(p, own.Keys) {
		return draft.Moved{}, cmp.Or(r.otherKey(name, own), conflict)
	}
	if conflict == nil && defined {
		if err := r.giveBack(name, own); err != nil {
			return draft.Moved{}, err
		}
	}
	r.names = append(r.names, name)
	r.keys[name] = cmp.Or(own.Keys["aws_access_key_id"], p.Get("aws_access_key_id"))
	moved := draft.Moved{Name: name}
	if defined {
		return moved, r.drafts.Own.RemoveSection("profile", name)
	}
	if r.unchanged(r.drafts.Config, name) && r.unchanged(r.drafts.Credentials, name) {
		moved.Note = "it was back already"
	}
	return moved, nil
}

// unchanged reports whether the release leaves a profile's section in a file as it is.
func (r *releasing) unchanged(d *draft.File, name string) bool {
	was, had := r.were[nameOf(d)].Section("profile", name)
	is, has := d.Section("profile", name)
	return had == has && maps.Equal(was.Keys, is.Keys) && maps.EqualFunc(was.Nested, is.Nested, maps.Equal[map[string]string, map[string]string])
}

// standsAlone reports whether a profile works without fob: the AWS files have all that
// fob's definition says about how to authenticate.
func (r *releasing) standsAlone(p fob.Profile, own map[string]string) bool {
	if processline.Calls(p.Get("credential_process"), p.Name) {
		return false
	}
	for key, value := range own {
		if r.Files.Authenticates(key) && p.Get(key) != value {
			return false
		}
	}
	_, err := principal.Find(r.Kinds, p)
	return err == nil && (p.Get("aws_access_key_id") == "") == p.Secrets["aws_secret_access_key"].IsZero()
}

// apply writes in the inverse order of an adoption: the keys are back in the AWS files
// before the definition and the vault's items are deleted.
func (r *releasing) apply(ctx context.Context) error {
	locks := r.Home.Locks()
	return r.drafts.Alone(ctx, locks, func() error {
		for _, d := range []*draft.File{r.drafts.Credentials, r.drafts.Config} {
			if err := d.Write(ctx, locks); err != nil {
				return err
			}
		}
		if err := r.check(); err != nil {
			return err
		}
		if err := r.pend(ctx); err != nil {
			return err
		}
		if err := r.drafts.Own.Write(ctx, locks); err != nil {
			return err
		}
		_, err := r.Finish(ctx, r.vault)
		return err
	})
}

// check reads the AWS files again before anything is deleted: the secrets must be in
// them, and no section may ask fob any more. Programs that take no lock, such as the AWS
// CLI, may have overwritten our change with what they had read before it.
func (r *releasing) check() error {
	d, err := draft.Read(r.Home, fob.Paths{Config: r.drafts.Config.Path, Credentials: r.drafts.Credentials.Path})
	if err != nil {
		return err
	}
	for _, name := range r.names {
		if asksFob(d.Config, name) && !asksFob(r.drafts.Config, name) {
			return fob.Errorf(fob.ErrConflict, "another program has written back the section of %q in %s; fob keeps its definition", name, d.Config.Path).
				WithHint("fob release %s, once nothing else writes there", name)
		}
		id := r.keys[name]
		if id == "" {
			continue
		}
		p, _ := inAWSFiles(d, name)
		want, err := r.vault.Get(fob.KeyItem(id))
		if errors.Is(err, fob.ErrNotFound) {
			continue // deleted when another profile of the same key was released
		}
		if err != nil {
			return err
		}
		if p.Get("aws_access_key_id") != id || !p.Secrets["aws_secret_access_key"].Equal(want) {
			return fob.Errorf(fob.ErrConflict, "the key of profile %q in %s is not the one in the vault; the vault keeps it", name, d.Credentials.Path).
				WithHint("compare the access key ids: fob show %s", name)
		}
	}
	return nil
}

// asksFob reports whether a profile's section in a file calls fob for that profile.
func asksFob(d *draft.File, name string) bool {
	s, _ := d.Section("profile", name)
	return processline.Calls(s.Keys["credential_process"], name)
}

// pend notes the records and the secrets that go with the definitions.
func (r *releasing) pend(ctx context.Context) error {
	return r.vault.Update(ctx, func(items map[string]fob.Secret) error {
		for _, name := range r.names {
			may := []string{recordItem(name)}
			for _, id := range append(slices.Clone(r.adopted[name].Replaced), r.keys[name]) {
				may = append(may, fob.KeyItem(id))
			}
			Pend(items, name, may)
		}
		return nil
	})
}
