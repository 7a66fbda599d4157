package adopt

import (
	"context"
	"errors"
	"maps"
	"slices"

	"fob/internal/fob"
)

// keepSecret adds a secret to those for the vault. The error is [fob.ErrConflict] if
// another profile has another secret for the same access key, for one of them is wrong.
func (a *adoption) keepSecret(name, id string, secret fob.Secret) error {
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

// store puts the secrets and records into the vault, and reads them back before anything
// is deleted from the AWS files.
func (a *adoption) store(ctx context.Context) error {
	items := maps.Clone(a.secrets)
	maps.Copy(items, a.items)
	err := a.vault.Update(ctx, func(all map[string]fob.Secret) error {
		maps.Copy(all, items)
		for name, r := range a.records {
			for _, id := range r.Replaced {
				Pend(all, name, []string{fob.KeyItem(id)})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for name, want := range items {
		if have, err := a.vault.Get(name); err != nil || !have.Equal(want) {
			return fob.Errorf(fob.ErrDamaged, "the vault does not give back what was put in (%s)", name).WithHint("fob vault verify")
		}
	}
	return nil
}
