package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"fob/internal/adopt"
	"fob/internal/api"
	"fob/internal/fob"
	"fob/internal/principal"
)

// remove deletes a definition, and its secret when nothing else needs it.
func (a *Agent) remove(ctx context.Context, r *request, p api.NameParams) (api.Empty, error) {
	kind, err := a.ownSection(p.Name)
	if err != nil {
		return api.Empty{}, err
	}
	if kind == nil {
		if _, err := a.files.Lookup(p.Name, r.caller.Paths); err == nil {
			return api.Empty{}, fob.Errorf(fob.ErrUsage, "profile %q is in your AWS files, which fob remove does not touch", p.Name).
				WithHint("fob adopt %s first, or edit the file", p.Name)
		}
		return api.Empty{}, fob.Errorf(fob.ErrNotFound, "no profile %q in %s", p.Name, a.home.Config()).WithHint("fob list")
	}
	profile, _, err := a.files.Own(kind.SectionType(), p.Name)
	if err != nil {
		return api.Empty{}, err
	}
	if err := a.unlocked(ctx, r.ui); err != nil {
		return api.Empty{}, err
	}
	c, err := a.removal(*kind, profile, r.caller.Paths)
	if err != nil {
		return api.Empty{}, err
	}
	if err := r.ui.Confirm(ctx, c); err != nil {
		return api.Empty{}, err
	}
	may := a.mover.Items(profile)
	if kind.Group == nil {
		may = append(may, adopt.Records(p.Name)...)
	}
	err = a.change(ctx, r, p.Name, nil, may, false, func() error { return a.files.Delete(ctx, kind.SectionType(), p.Name) })
	if err != nil || kind.Group == nil {
		return api.Empty{}, err
	}
	if _, err := a.files.SignIn(p.Name, r.caller.Paths); err == nil {
		return api.Empty{}, nil // the user's own config file has a session with that name
	}
	return api.Empty{}, a.directories.Delete(p.Name)
}

// ownSection returns a kind for the section with that name in fob's own file, profiles before
// others; nil if there is none.
func (a *Agent) ownSection(name string) (*principal.Kind, error) {
	kinds := append([]principal.Kind{{}}, a.kinds...) // the first stands for all kinds of profiles
	for _, k := range kinds {
		exists, err := a.files.Has(k.SectionType(), name)
		if err != nil {
			return nil, err
		}
		if exists {
			return &k, nil
		}
	}
	return nil, nil
}

// removal makes the question whether to remove a definition. It lists the profiles that depend on
// it, and what will be deleted from the vault.
func (a *Agent) removal(kind principal.Kind, p fob.Profile, paths fob.Paths) (fob.Confirmation, error) {
	what := "profile"
	if kind.Group != nil {
		what = "sign-in"
	}
	names, err := a.dependents(kind.Ref(p.Name), paths)
	if err != nil {
		return fob.Confirmation{}, err
	}
	detail := ""
	if len(names) > 0 {
		detail += fmt.Sprintf("will not work without %s: %s\n", p.Name, firstOf(names))
	}
	if called, err := a.files.CallsFob(p.Name, paths); err != nil {
		return fob.Confirmation{}, err
	} else if called && kind.Group == nil {
		detail += fmt.Sprintf("%s asks fob for %s, and stays as it is; to get back what was there: fob release %s\n", paths.Config, p.Name, p.Name)
	}
	items, err := a.unneeded(p, nil)
	if err != nil {
		return fob.Confirmation{}, err
	}
	if a.vault.Exists() && kind.Group == nil {
		v, err := a.vault.Vault()
		if err != nil {
			return fob.Confirmation{}, err
		}
		have, err := v.Names()
		if err != nil {
			return fob.Confirmation{}, err
		}
		if record := adopt.Records(p.Name)[0]; slices.Contains(have, record) {
			items = append(items, record)
		}
	}
	return fob.Confirmation{Title: "remove " + what + " " + p.Name, Detail: detail + willBeDeleted(items)}, nil
}

// maxNames limits the names in a question.
const maxNames = 10

func firstOf(names []string) string {
	if len(names) <= maxNames {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNames], ", "), len(names)-maxNames)
}

// dependents returns the profiles that start from a definition.
func (a *Agent) dependents(ref string, paths fob.Paths) ([]string, error) {
	profiles, err := a.files.List(paths)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range profiles {
		kind, err := principal.Find(a.kinds, p)
		if err == nil && kind.Source != nil && kind.Source(p) == ref && p.Name != ref {
			names = append(names, p.Name)
		}
	}
	return names, nil
}
