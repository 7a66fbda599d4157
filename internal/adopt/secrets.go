package adopt

import (
	"context"
	"errors"
	"maps"
	"slices"

	"fob/internal/fob"
)

// keep puts a secret among the items for the vault. An access key has one secret:
// of two profiles that disagree, one would stop working.
func (a *adoption) keep(name, id string, secret fob.Secret) error {
	item := fob.KeyItem(id)
	have, known := a.secrets[item]
	if others := slices.ContainsFunc(a.users[id], func(other string) bool { return other != name }); others && !known {
		var err error
		if have, err = a.vault.Get(item); err != nil && !errors.Is(err, fob.ErrNotFound) {
			return err
		}
		known = err == nil
	}
	if known && !have.Equal(secret) {
		return fob.Errorf(fob.ErrConflict, "profile %q has another secret for the access key %s than another profile of it", name, id).
			WithHint("correct the one that is wrong")
	}
	if _, have := a.secrets[item]; !have {
		a.kept = append(a.kept, item)
	}
	a.secrets[item] = secret
	return nil
}

// forget drops the secrets of keys that others have replaced.
func (a *adoption) forget(ctx context.Context) error {
	needed := map[string]bool{}
	for _, s := range a.drafts.Own.Sections() {
		needed[s.Keys["aws_access_key_id"]] = true
	}
	var gone []string
	for _, r := range a.records {
		for _, id := range r.Replaced {
			if !needed[id] {
				gone = append(gone, fob.KeyItem(id))
			}
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return a.vault.Update(ctx, func(all map[string]fob.Secret) error {
		for _, item := range gone {
			delete(all, item)
		}
		return nil
	})
}

func (a *adoption) seal(ctx context.Context) error {
	items := maps.Clone(a.secrets)
	maps.Copy(items, a.items)
	err := a.vault.Update(ctx, func(all map[string]fob.Secret) error {
		maps.Copy(all, items)
		return nil
	})
	if err != nil {
		return err
	}
	for name, want := range items { // nothing is deleted on anybody's word
		if have, err := a.vault.Get(name); err != nil || !have.Equal(want) {
			return fob.Errorf(fob.ErrDamaged, "the vault does not give back what was put in (%s)", name).WithHint("fob vault verify")
		}
	}
	return nil
}
