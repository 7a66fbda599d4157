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
)

// Release prepares the inverse of [Mover.Adopt]: the sections return to the AWS
// files as they were, byte for byte, and fob's own definitions go.
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
		o, err := loadOriginal(v, nameOf(one), one.Path)
		if err != nil {
			return nil, err
		}
		r.exact[nameOf(one)] = m.giveBack(o, one, r.adopted, names)
		r.standing[nameOf(one)] = awsfile.NewStanding(standing(r.adopted, nameOf(one), one.Path))
		r.were[nameOf(one)] = awsfile.Parse(one.Kind, one.Before)
	}
	// The last adoption first: what only one order can take back, this can.
	names = slices.SortedStableFunc(slices.Values(names), func(a, b string) int { return cmp.Compare(records[b].Seq, records[a].Seq) })
	change := &draft.Change{}
	for _, name := range names {
		moved, err := r.give(name, records[name])
		if err != nil {
			return nil, err
		}
		change.Moved = append(change.Moved, moved)
		d.Settle()
	}
	change.Diff, change.Apply = d.Diff(), r.apply
	return change, nil
}

type releasing struct {
	Mover
	drafts *draft.Files
	vault  Vault
	names  []string
	keys   map[string]string // profile → access key id, to check and to forget

	adopted  map[string]record // all that are
	exact    map[string]bool   // files that are drafted already, from their originals
	standing map[string]awsfile.Standing
	were     map[string]*awsfile.File // as they were before
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

// give drafts the return of one profile. Files that are as before already, since
// an adoption or a release was stopped between them, are left as they are.
func (r *releasing) give(name string, rec record) (draft.Moved, error) {
	var conflict error
	for _, part := range []struct {
		name string
		file *draft.File
	}{{inCredentials, r.drafts.Credentials}, {inConfig, r.drafts.Config}} {
		e, edited := rec.Edits[part.name]
		if !edited {
			continue
		}
		if e.Path != part.file.Path {
			return draft.Moved{}, fob.Errorf(fob.ErrUsage, "profile %q was adopted from %s, and your environment names %s", name, e.Path, part.file.Path).
				WithHint("unset AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, or set them as they were")
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
	p, _ := outside(r.drafts, name)
	if conflict != nil && !r.standsAlone(p, own.Keys) {
		if again(own.Keys, r.definition(p), p).isNew() {
			return draft.Moved{}, fob.Errorf(fob.ErrConflict, "profile %q has another access key in %s than the one that was adopted", name, where(r.drafts, name, "aws_access_key_id")).
				WithHint("fob adopt %s, which takes the new key; then fob release %s", name, name)
		}
		return draft.Moved{}, conflict
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

// unchanged reports whether a profile's section in a file is as it was before.
func (r *releasing) unchanged(d *draft.File, name string) bool {
	was, had := r.were[nameOf(d)].Section("profile", name)
	is, has := d.Section("profile", name)
	return had == has && maps.Equal(was.Keys, is.Keys) && maps.EqualFunc(was.Nested, is.Nested, maps.Equal[map[string]string, map[string]string])
}

// standsAlone reports whether a profile of the AWS files needs nothing of fob's:
// all that fob's definition says of how to authenticate is there.
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

// apply is the inverse order of adoption's: the keys are back before anything
// that could find them otherwise goes.
func (r *releasing) apply(ctx context.Context) error {
	locks := r.Home.Locks()
	return alone(ctx, r.drafts, locks, func() error {
		for _, d := range []*draft.File{r.drafts.Credentials, r.drafts.Config} {
			if err := d.Write(ctx, locks); err != nil {
				return err
			}
		}
		if err := r.check(); err != nil {
			return err
		}
		if err := r.drafts.Own.Write(ctx, locks); err != nil {
			return err
		}
		return r.forget(ctx)
	})
}

// check reads the files again: the secrets must be there before the vault
// forgets them, and nothing may ask fob any more before the definition goes. Who
// locks nothing, as the AWS CLI, can have written back what it read before.
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
		p, _ := outside(d, name)
		want, err := r.vault.Get(fob.KeyItem(id))
		if errors.Is(err, fob.ErrNotFound) {
			continue // another profile of the same key was released before
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

// asksFob reports whether a profile's section in a file calls fob for it.
func asksFob(d *draft.File, name string) bool {
	s, _ := d.Section("profile", name)
	return processline.Calls(s.Keys["credential_process"], name)
}

// forget drops the records, and the secrets that no definition needs any more.
func (r *releasing) forget(ctx context.Context) error {
	needed := map[string]bool{}
	for _, s := range r.drafts.Own.Sections() {
		needed[fob.KeyItem(s.Keys["aws_access_key_id"])] = true
	}
	rest := maps.Clone(r.adopted)
	for _, name := range r.names {
		delete(rest, name)
	}
	return r.vault.Update(ctx, func(items map[string]fob.Secret) error {
		for _, item := range unneeded(rest) {
			delete(items, item)
		}
		for _, name := range r.names {
			delete(items, recordItem(name))
			for _, id := range r.adopted[name].Replaced {
				if !needed[fob.KeyItem(id)] {
					delete(items, fob.KeyItem(id))
				}
			}
			if item := fob.KeyItem(r.keys[name]); !needed[item] {
				delete(items, item)
			}
		}
		return nil
	})
}
