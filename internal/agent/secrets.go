package agent

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"fob/internal/adopt"
	"fob/internal/api"
	"fob/internal/awsfile"
	"fob/internal/draft"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/vault"
)

// askSecrets asks for a definition's secrets, and returns them by the names of their vault items. A
// secret that the vault has is not asked for again, unless its key was given.
func (a *Agent) askSecrets(ctx context.Context, r *request, kind principal.Kind, profile fob.Profile, p api.AddParams) (map[string]fob.Secret, error) {
	secrets := map[string]fob.Secret{}
	for _, f := range kind.Fields {
		if f.Secret == nil {
			continue
		}
		if err := a.vault.EnsureUnlocked(ctx, r.ui); err != nil {
			return nil, err
		}
		item := f.Secret.Item(profile)
		v, err := a.vault.Vault()
		if err != nil {
			return nil, err
		}
		if _, err := v.Get(item); err == nil && p.Force && !named(f, profile, p.Keys) {
			continue
		} else if err != nil && !errors.Is(err, fob.ErrNotFound) {
			return nil, err
		}
		if secrets[item], err = askSecret(ctx, r, kind, f, profile); err != nil {
			return nil, err
		}
	}
	return secrets, nil
}

// named reports whether one of the keys was given that identify a field's secret.
func named(f principal.Field, profile fob.Profile, keys map[string]string) bool {
	for key := range keys {
		if f.Secret.Item(profile.With(key, "")) != f.Secret.Item(profile) {
			return true
		}
	}
	return false
}

func askSecret(ctx context.Context, r *request, kind principal.Kind, f principal.Field, p fob.Profile) (fob.Secret, error) {
	answer, err := r.ui.Ask(ctx, fob.Question{Kind: fob.AskSecret, Hidden: true, Lines: f.Secret.Lines, Prompt: f.Secret.Prompt(p)})
	if err != nil {
		return fob.Secret{}, err
	}
	secret := strings.TrimRight(answer.Reveal(), "\r\n")
	if f.Check != nil {
		if err := f.Check(secret); err != nil {
			return fob.Secret{}, fob.Errorf(fob.ErrUsage, "%s %w", f.Secret.Prompt(p), err).WithHint("fob add %s --help", kind.AddWord())
		}
	}
	if secret == "" {
		return fob.Secret{}, fob.Errorf(fob.ErrUsage, "%s is empty", f.Secret.Prompt(p)).WithHint("try again")
	}
	return fob.NewSecret(secret), nil
}

// change stores secrets in the vault, writes or deletes a definition, and then deletes the secrets,
// and the items in may, that no definition needs. If it is killed, the next unlock completes it. If
// write fails, the vault is as before.
func (a *Agent) change(ctx context.Context, r *request, name string, secrets map[string]fob.Secret, may []string, force bool, write func() error) error {
	if len(secrets) == 0 && (len(may) == 0 || !a.vault.Exists()) {
		return write()
	}
	if err := a.vault.EnsureUnlocked(ctx, r.ui); err != nil {
		return err
	}
	v, err := a.vault.Vault()
	if err != nil {
		return err
	}
	may = slices.Concat(may, slices.Collect(maps.Keys(secrets)))
	return draft.Alone(ctx, a.home.Locks(), func() error {
		before, err := a.keepSecrets(ctx, v, name, secrets, may, force)
		if err != nil {
			return err
		}
		always := context.WithoutCancel(ctx) // if the caller leaves, no working secret must be lost
		if err := write(); err != nil {
			a.restore(always, v, name, before)
			return err
		}
		deleted, err := a.mover.Finish(always, v)
		if err == nil && len(deleted) > 0 {
			r.ui.Tell(ctx, "deleted from the vault: "+strings.Join(deleted, ", "))
		}
		return err
	})
}

// keepSecrets stores secrets in the vault, and notes the items that may become unneeded. It refuses
// to replace a different secret that other profiles need: an access key has one secret, so one of
// the two is wrong. It returns the previous values.
func (a *Agent) keepSecrets(ctx context.Context, v *vault.File, name string, secrets map[string]fob.Secret, may []string, force bool) (before map[string]fob.Secret, err error) {
	err = v.Update(ctx, func(items map[string]fob.Secret) error {
		before = map[string]fob.Secret{}
		for item, secret := range secrets {
			old := items[item]
			if !old.IsZero() && !old.Equal(secret) && !force {
				others, err := a.sharers(item, name)
				if err != nil {
					return err
				}
				if len(others) > 0 {
					return fob.Errorf(fob.ErrConflict, "the vault has another secret for this access key, which profile %q uses", others[0]).
						WithHint("compare the two; --force replaces it for every profile of the key")
				}
			}
			before[item], items[item] = old, secret
		}
		adopt.Pend(items, name, may)
		return nil
	})
	return before, err
}

// restore puts the previous secrets back after writing the definition failed.
func (a *Agent) restore(ctx context.Context, v *vault.File, name string, before map[string]fob.Secret) {
	err := v.Update(ctx, func(items map[string]fob.Secret) error {
		for item, secret := range before {
			if items[item] = secret; secret.IsZero() {
				delete(items, item)
			}
		}
		return nil
	})
	if err == nil {
		_, err = a.mover.Finish(ctx, v)
	}
	if err != nil {
		a.log.Error("the vault could not be put back after a definition could not be written", "profile", name, "error", err)
	}
}

// finishInterrupted completes an interrupted change of definitions. It is called after each unlock;
// after an error the next one tries again.
func (a *Agent) finishInterrupted(ctx context.Context, v *vault.File) {
	names, err := v.Names()
	if err == nil && adopt.Pending(names) {
		err = draft.Alone(ctx, a.home.Locks(), func() error {
			deleted, err := a.mover.Finish(ctx, v)
			a.log.Info("finished a change of definitions that was interrupted", "deleted", deleted)
			return err
		})
	}
	if err != nil {
		a.log.Error("a change of definitions that was interrupted could not be finished", "error", err)
	}
}

// sharers returns the other profiles that need an item of the vault. It reads fob's own file
// directly, because a definition that cannot be resolved at present needs its secret too.
func (a *Agent) sharers(item, name string) ([]string, error) {
	own, err := awsfile.Read(awsfile.Config, a.home.Config())
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range own.Sections() {
		other := fob.Profile{Name: s.Name, Origin: fob.OriginFob, Keys: s.Keys}
		if s.Type == "profile" && s.Name != name && slices.Contains(a.mover.Items(other), item) {
			names = append(names, s.Name)
		}
	}
	return names, nil
}

// unneeded returns the vault items that only this profile needs, except those in keep.
func (a *Agent) unneeded(p fob.Profile, keep []string) ([]string, error) {
	var alone []string
	for _, item := range a.mover.Items(p) {
		others, err := a.sharers(item, p.Name)
		if err != nil {
			return nil, err
		}
		if len(others) == 0 && !slices.Contains(keep, item) {
			alone = append(alone, item)
		}
	}
	return alone, nil
}

// willBeDeleted is the part of a confirmation about the vault.
func willBeDeleted(items []string) string {
	if len(items) == 0 {
		return ""
	}
	return "will be deleted from the vault for good: " + strings.Join(items, ", ") + "\n"
}
