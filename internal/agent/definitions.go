package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"fob/internal/api"
	"fob/internal/awsfile"
	"fob/internal/chain"
	"fob/internal/fob"
	"fob/internal/principal"
)

// listKinds describes the kinds, for flags and forms.
func (a *Agent) listKinds(_ context.Context, _ *request, _ api.Empty) ([]api.KindDoc, error) {
	docs := make([]api.KindDoc, len(a.kinds))
	for i, k := range a.kinds {
		docs[i] = api.KindDoc{Name: k.AddWord(), Doc: k.Doc}
		for _, f := range k.Accepts() {
			docs[i].Fields = append(docs[i].Fields, api.FieldDoc{
				Key: f.Key, Flag: f.FlagName(), Doc: f.Doc, Example: f.Example, Required: f.Required, Secret: f.Secret != nil, Names: f.Names,
			})
		}
	}
	return docs, nil
}

// add writes a definition into fob's own file. Its secrets are asked for, and are in the vault
// before the definition is written. With force it replaces an existing definition, keeps the keys
// that are not given, and shows the difference first.
func (a *Agent) add(ctx context.Context, r *request, p api.AddParams) (api.Empty, error) {
	kind, err := a.addable(p.Kind)
	if err != nil {
		return api.Empty{}, err
	}
	old, exists, err := a.files.Own(kind.SectionType(), p.Name)
	if err != nil {
		return api.Empty{}, err
	}
	if !p.Force {
		old = fob.Profile{}
	}
	profile, err := a.define(kind, p, old)
	if err != nil {
		return api.Empty{}, err
	}
	if exists && !p.Force {
		return api.Empty{}, fob.Errorf(fob.ErrConflict, "profile %q exists already", p.Name).WithHint("fob show %s, or add --force to replace it", p.Name)
	}
	if err := a.checkSource(ctx, r, kind, profile); err != nil {
		return api.Empty{}, err
	}
	if exists {
		if err := a.confirmReplacing(ctx, r, kind, old, profile); err != nil {
			return api.Empty{}, err
		}
	}
	secrets, err := a.askSecrets(ctx, r, kind, profile, p)
	if err != nil {
		return api.Empty{}, err
	}
	return api.Empty{}, a.change(ctx, r, p.Name, secrets, a.mover.Items(old), p.Force, func() error {
		return a.files.Put(ctx, kind.SectionType(), profile)
	})
}

// addable finds a kind by its word in fob add.
func (a *Agent) addable(word string) (principal.Kind, error) {
	for _, kind := range a.kinds {
		if kind.AddWord() == word {
			return kind, nil
		}
	}
	return principal.Kind{}, fob.Errorf(fob.ErrUsage, "there is no kind %q", word).WithHint("fob add --help")
}

// define makes the new definition and checks it before anything is asked or written. From the old
// one it keeps the keys that are not given: all of them if the kind is the same, else those that
// this kind accepts or that do not authenticate. A key with an empty value is removed.
func (a *Agent) define(kind principal.Kind, p api.AddParams, old fob.Profile) (fob.Profile, error) {
	profile := fob.Profile{Name: p.Name, Origin: fob.OriginFob, Keys: map[string]string{}}
	accepted := map[string]bool{}
	for _, f := range kind.Accepts() {
		accepted[f.Key] = f.Secret == nil
	}
	was, err := principal.Find(a.kinds, old)
	same := err == nil && was.Name == kind.Name
	for key, value := range old.Keys {
		if same || accepted[key] || !a.files.Authenticates(key) {
			profile.Keys[key] = value
		}
	}
	for key, value := range p.Keys {
		if !accepted[key] {
			return profile, fob.Errorf(fob.ErrUsage, "a %s has no key %q", kind.Name, key).WithHint("fob add %s --help", kind.AddWord())
		}
		if profile.Keys[key] = value; value == "" {
			delete(profile.Keys, key)
		}
	}
	return profile, cmp.Or(checkName(kind, p.Name), kind.Validate(profile), writable(kind.SectionType(), profile))
}

// confirmReplacing shows how a definition will change, and asks.
func (a *Agent) confirmReplacing(ctx context.Context, r *request, kind principal.Kind, old, now fob.Profile) error {
	diff, err := a.files.Diff(kind.SectionType(), now)
	if err != nil || diff == "" {
		return err
	}
	gone, err := a.unneeded(old, a.mover.Items(now))
	if err != nil {
		return err
	}
	return r.ui.Confirm(ctx, fob.Confirmation{Title: "replace " + now.Name, Detail: diff + willBeDeleted(gone)})
}

// checkName refuses a name that no command line could contain, and a sign-in's name that could not
// be the first part of SIGN-IN/ACCOUNT/ROLE.
func checkName(kind principal.Kind, name string) error {
	wrong := func(c rune) bool { return c == '/' || unicode.IsControl(c) }
	switch {
	case strings.HasPrefix(name, "-"):
		return fob.Errorf(fob.ErrUsage, "%q cannot be the name of a profile: it looks like a flag, to fob and to every other program", name).
			WithHint("begin it with a letter or a digit")
	case kind.Group != nil && (name == "" || strings.ContainsFunc(name, wrong)):
		return fob.Errorf(fob.ErrUsage, "%q cannot be the name of a sign-in: its roles are named NAME/ACCOUNT/ROLE", name).
			WithHint("use letters, digits and _ . @ + -")
	}
	return nil
}

// writable refuses a definition that could not be written, by writing it into a file in memory.
func writable(section string, p fob.Profile) error {
	trial := awsfile.Parse(awsfile.Config, nil)
	for _, key := range slices.Sorted(maps.Keys(p.Keys)) {
		if err := trial.Set(section, p.Name, key, p.Keys[key]); err != nil {
			return err
		}
	}
	return nil
}

// checkSource refuses a chain that can never work. If the source does not exist yet it only warns,
// because definitions may be added in any order.
func (a *Agent) checkSource(ctx context.Context, r *request, kind principal.Kind, p fob.Profile) error {
	steps, err := a.definitions(r.caller.Paths).Follow(p)
	if errors.Is(err, chain.ErrImpossible) { // on a command line a flag mends it
		hint := "name another --source-profile"
		if other, ok := strings.CutPrefix(fob.HintOf(err), "source_profile = "); ok {
			hint = "--source-profile " + other
		}
		return &fob.Error{Kind: fob.ErrUsage, Message: err.Error(), Hint: hint, Cause: err}
	}
	if err != nil && len(steps) == 1 {
		a.warnSource(ctx, r, kind.Source(p), err)
	}
	return nil
}

func (a *Agent) warnSource(ctx context.Context, r *request, ref string, err error) {
	for _, k := range a.kinds {
		if name, ok := k.Deref(ref); ok && errors.Is(err, fob.ErrNotFound) {
			r.ui.Tell(ctx, fmt.Sprintf("there is no sign-in %q yet (%s)", name, k.Usage(name)))
			return
		}
	}
	if errors.Is(err, fob.ErrNotFound) {
		r.ui.Tell(ctx, "there is no profile \""+ref+"\" yet to start from")
		return
	}
	r.ui.Tell(ctx, "there is nothing to start from yet: "+err.Error())
}
