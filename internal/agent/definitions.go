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

	"fob/internal/adopt"
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

// add writes a definition into fob's own file. Its secrets are asked for and are
// in the vault before the definition exists.
func (a *Agent) add(ctx context.Context, r *request, p api.AddParams) (_ api.Empty, err error) {
	profile, kind, err := a.define(p)
	if err != nil {
		return api.Empty{}, err
	}
	if exists, err := a.files.Has(kind.SectionType(), p.Name); err != nil {
		return api.Empty{}, err
	} else if exists && !p.Force {
		return api.Empty{}, fob.Errorf(fob.ErrConflict, "profile %q exists already", p.Name).WithHint("fob show %s, or add --force to replace it", p.Name)
	}
	if err := a.checkSource(ctx, r, kind, profile); err != nil {
		return api.Empty{}, err
	}
	var undo []func()
	defer func() {
		if err != nil { // a secret that no definition names would lie there unseen
			for _, back := range undo {
				back()
			}
		}
	}()
	for _, f := range kind.Fields {
		if f.Secret == nil {
			continue
		}
		back, err := a.keepSecret(ctx, r, kind, f, profile, p.Force)
		if err != nil {
			return api.Empty{}, err
		}
		undo = append(undo, back)
	}
	return api.Empty{}, a.files.Put(ctx, kind.SectionType(), profile)
}

// define checks a definition before anything is asked or written.
func (a *Agent) define(p api.AddParams) (fob.Profile, principal.Kind, error) {
	profile := fob.Profile{Name: p.Name, Origin: fob.OriginFob, Keys: p.Keys}
	for _, kind := range a.kinds {
		if kind.AddWord() != p.Kind {
			continue
		}
		accepted := map[string]bool{}
		for _, f := range kind.Accepts() {
			accepted[f.Key] = f.Secret == nil
		}
		for key := range p.Keys {
			if !accepted[key] {
				return profile, kind, fob.Errorf(fob.ErrUsage, "a %s has no key %q", kind.Name, key).WithHint("fob add %s --help", kind.AddWord())
			}
		}
		return profile, kind, cmp.Or(checkName(kind, p.Name), kind.Validate(profile), writable(kind.SectionType(), profile))
	}
	return profile, principal.Kind{}, fob.Errorf(fob.ErrUsage, "there is no kind %q", p.Kind).WithHint("fob add --help")
}

// checkName refuses a name that no command line could name, and that of a sign-in
// which could not begin SESSION/ACCOUNT/ROLE.
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

// writable refuses a definition that could not be written: one is written on
// trial, into a file of which nothing is kept.
func writable(section string, p fob.Profile) error {
	trial := awsfile.Parse(awsfile.Config, nil)
	for _, key := range slices.Sorted(maps.Keys(p.Keys)) {
		if err := trial.Set(section, p.Name, key, p.Keys[key]); err != nil {
			return err
		}
	}
	return nil
}

// checkSource refuses a chain that can never be, and tells of a source that is not
// there yet: that is allowed, since definitions may be added in any order.
func (a *Agent) checkSource(ctx context.Context, r *request, kind principal.Kind, p fob.Profile) error {
	steps, err := a.definitions(r.caller.Paths).Follow(p)
	if errors.Is(err, chain.ErrImpossible) { // on a command line it is a flag that mends it
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

// keepSecret asks for a secret and puts it into the vault; undo takes that back.
func (a *Agent) keepSecret(ctx context.Context, r *request, kind principal.Kind, f principal.Field, p fob.Profile, force bool) (undo func(), err error) {
	if err := a.vault.EnsureUnlocked(ctx, r.ui); err != nil {
		return nil, err
	}
	answer, err := r.ui.Ask(ctx, fob.Question{Kind: fob.AskSecret, Hidden: true, Lines: f.Secret.Lines, Prompt: f.Secret.Prompt(p)})
	if err != nil {
		return nil, err
	}
	secret := strings.TrimRight(answer.Reveal(), "\r\n")
	if f.Check != nil {
		if err := f.Check(secret); err != nil {
			return nil, fob.Errorf(fob.ErrUsage, "%s %w", f.Secret.Prompt(p), err).WithHint("fob add %s --help", kind.AddWord())
		}
	}
	if secret == "" {
		return nil, fob.Errorf(fob.ErrUsage, "%s is empty", f.Secret.Prompt(p)).WithHint("try again")
	}
	item := f.Secret.Item(p)
	var others []string
	if !force {
		if others, err = a.sharers(item, p.Name); err != nil {
			return nil, err
		}
	}
	return a.putItem(ctx, item, fob.NewSecret(secret), others)
}

// sharers are the other profiles that need an item of the vault. They are read off
// fob's own file: one that cannot be resolved at present needs its secret all the same.
func (a *Agent) sharers(item, name string) ([]string, error) {
	own, err := awsfile.Read(awsfile.Config, a.home.Config())
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range own.Sections() {
		other := fob.Profile{Name: s.Name, Origin: fob.OriginFob, Keys: s.Keys}
		if s.Type == "profile" && s.Name != name && slices.Contains(a.items(other), item) {
			names = append(names, s.Name)
		}
	}
	return names, nil
}

// putItem puts a secret into the vault. It refuses to replace another one that
// other profiles need: an access key has one secret, so one of the two is wrong.
func (a *Agent) putItem(ctx context.Context, name string, secret fob.Secret, others []string) (undo func(), err error) {
	v, err := a.vault.Vault()
	if err != nil {
		return nil, err
	}
	var old fob.Secret
	err = v.Update(ctx, func(items map[string]fob.Secret) error {
		old = items[name]
		if !old.IsZero() && !old.Equal(secret) && len(others) > 0 {
			return fob.Errorf(fob.ErrConflict, "the vault has another secret for this access key, which profile %q uses", others[0]).
				WithHint("compare the two; --force replaces it for every profile of the key")
		}
		items[name] = secret
		return nil
	})
	return func() {
		// Not even a caller who left in the middle should lose a working secret.
		err := v.Update(context.WithoutCancel(ctx), func(items map[string]fob.Secret) error {
			switch {
			case !items[name].Equal(secret): // somebody else's by now
			case old.IsZero():
				delete(items, name)
			default:
				items[name] = old
			}
			return nil
		})
		if err != nil {
			a.log.Error("a secret is in the vault whose profile could not be written", "item", name, "error", err)
		}
	}, err
}

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
	what := "profile"
	if kind.Group != nil {
		what = "sign-in"
	}
	profile, err := a.files.Lookup(kind.Ref(p.Name), r.caller.Paths) // a profile of that name may be in the AWS files
	if err != nil {
		return api.Empty{}, err
	}
	if err := a.unlocked(ctx, r.ui); err != nil {
		return api.Empty{}, err
	}
	items, err := a.orphans(profile)
	if err != nil {
		return api.Empty{}, err
	}
	if err := r.ui.Confirm(ctx, removal(what+" "+p.Name, items)); err != nil {
		return api.Empty{}, err
	}
	if err := a.files.Delete(ctx, kind.SectionType(), p.Name); err != nil {
		return api.Empty{}, err
	}
	if err := a.dropItems(ctx, items); err != nil || kind.Group == nil {
		return api.Empty{}, err
	}
	if _, err := a.files.SignIn(p.Name, r.caller.Paths); err == nil {
		return api.Empty{}, nil // the user's own config file has a session of that name
	}
	return api.Empty{}, a.directories.Delete(p.Name)
}

// ownSection is a kind of the section which fob's own file has under a name,
// profiles before others; nil if there is none.
func (a *Agent) ownSection(name string) (*principal.Kind, error) {
	kinds := append([]principal.Kind{{}}, a.kinds...) // the first stands for profiles of any kind
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

func removal(what string, items []string) fob.Confirmation {
	c := fob.Confirmation{Title: "remove " + what}
	if len(items) > 0 {
		c.Detail = "deleted from the vault for good: " + strings.Join(items, ", ") + "\n"
	}
	return c
}

// orphans are the vault's items that only this profile needs.
func (a *Agent) orphans(p fob.Profile) ([]string, error) {
	var alone []string
	for _, item := range a.items(p) {
		others, err := a.sharers(item, p.Name)
		if err != nil {
			return nil, err
		}
		if len(others) == 0 {
			alone = append(alone, item)
		}
	}
	if a.vault.Exists() {
		v, err := a.vault.Vault()
		if err != nil {
			return nil, err
		}
		names, err := v.Names()
		if err != nil {
			return nil, err
		}
		alone = append(alone, adopt.RecordItems(names, p.Name, len(alone) > 0)...)
	}
	return alone, nil
}

// items are the names of the vault's items that a definition needs.
func (a *Agent) items(p fob.Profile) []string {
	kind, err := principal.Find(a.kinds, p)
	if err != nil || p.Origin != fob.OriginFob {
		return nil
	}
	var names []string
	for _, f := range kind.Fields {
		if f.Secret != nil {
			names = append(names, f.Secret.Item(p))
		}
	}
	return names
}

func (a *Agent) dropItems(ctx context.Context, names []string) error {
	if len(names) == 0 || !a.vault.Exists() {
		return nil
	}
	v, err := a.vault.Vault()
	if err != nil {
		return err
	}
	return v.Update(ctx, func(items map[string]fob.Secret) error {
		for _, name := range names {
			delete(items, name)
		}
		return nil
	})
}
