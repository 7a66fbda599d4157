package profile

import (
	"slices"
	"strings"

	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/processline"
)

// Lookup finds a definition by name, as [View.Lookup] does in the files as they are now.
func (f *Files) Lookup(name string, paths fob.Paths) (fob.Profile, error) {
	v, err := f.At(paths)
	if err != nil {
		return fob.Profile{}, err
	}
	return v.Lookup(name)
}

// Lookup finds a definition by name: in fob's own file, else in the AWS files, else as
// SIGN-IN/ACCOUNT/ROLE, else as a sign-in by its name or start URL. What
// [principal.Kind.Ref] makes of a sign-in's name means the sign-in alone.
//
// A section of the AWS files that only asks fob for another name, as fob generate
// writes them, yields that name's definition with the section's own settings.
//
// The error is [fob.ErrNotFound] if there is no such definition, [fob.ErrUsage] if the
// name is empty, ambiguous, or refers to itself.
func (v *View) Lookup(name string) (fob.Profile, error) {
	if name == "" {
		return fob.Profile{}, fob.Errorf(fob.ErrUsage, "the profile's name is empty").WithHint("fob list shows the names")
	}
	for _, k := range v.files.groups {
		if signIn, ok := k.Deref(name); ok {
			return v.signInOr(signIn)
		}
	}
	return v.lookup(name)
}

func (v *View) lookup(name string) (fob.Profile, error) {
	if !v.has(name) {
		if p, ok, err := v.reference(name); ok {
			return p, err
		}
		if short, full := v.inlineSignIn(name); short == name && short != "" {
			name = full
		}
		if p, k, ok := v.signIn(name); ok {
			return p, v.sound(sectionID{Type: k.SectionType(), Name: name})
		}
	}
	p, err := v.merge(name)
	if err != nil || p.Origin == fob.OriginFob {
		return p, err
	}
	switch call, ok := processline.Parse(p.Get("credential_process")); {
	case ok && call.Name != name:
		return v.redirected(p, call.Name)
	case ok && v.callsItself(p) != nil:
		// The section has the name of a sign-in's role and asks fob for that name:
		// it means the role.
		if role, ok, err := v.reference(name); ok {
			return v.files.withSettings(role, p), err
		}
	}
	return p, v.callsItself(p)
}

// resolve returns the definition of a profile without following a credential_process
// that asks fob for another name.
func (v *View) resolve(name string) (fob.Profile, error) {
	p, err := v.merge(name)
	if err != nil {
		return p, err
	}
	return p, v.callsItself(p)
}

// redirected returns the definition of target with the settings of a section that asks
// fob for it. One such step is followed, and no second one.
func (v *View) redirected(section fob.Profile, target string) (fob.Profile, error) {
	if v.has(target) {
		next, err := v.resolve(target)
		if _, again := processline.Parse(next.Get("credential_process")); err == nil && again && next.Origin != fob.OriginFob {
			return fob.Profile{}, fob.Errorf(fob.ErrUsage, "profile %q asks fob for %q, which asks fob again", section.Name, target).
				WithHint("correct the credential_process of %q in %s", section.Name, section.Path)
		}
	}
	p, err := v.lookup(target)
	if err != nil {
		return fob.Profile{}, err
	}
	return v.files.withSettings(p, section), nil
}

// withSettings returns a definition with the settings (region, output) of the section
// that refers to it, which win.
func (f *Files) withSettings(p, section fob.Profile) fob.Profile {
	for key, value := range section.Keys {
		if !f.Authenticates(key) && key != GeneratedKey {
			p = p.With(key, value)
		}
	}
	p.Path = section.Path
	return p
}

// callsItself refuses a section of the AWS files that asks fob for its own name while
// fob has no definition of it: following it would never end. A section that also says
// how to authenticate is accepted as SDKs read it. That happens when a program that
// takes no lock, such as the AWS CLI, writes back keys that fob adopt has removed.
func (v *View) callsItself(p fob.Profile) error {
	if p.Origin == fob.OriginFob || !processline.Calls(p.Get("credential_process"), p.Name) {
		return nil
	}
	if _, err := principal.Find(v.files.kinds, p); err == nil {
		return nil
	}
	return fob.Errorf(fob.ErrNotFound, "profile %q asks fob for credentials, but fob has no definition of it in %s", p.Name, v.ownPath()).
		WithHint("%s", principal.AddHint(p.Name))
}

// missing is the error for a name that is nowhere, with names that are similar.
func (v *View) missing(name string) error {
	err := fob.Errorf(fob.ErrNotFound, "no profile %q in %s, %s or %s", name, v.ownPath(), v.paths.Config, v.paths.Credentials)
	var near []string
	for _, p := range v.all() {
		for _, have := range p.order {
			if strings.EqualFold(have, name) || len(name) > 2 && strings.Contains(have, name) || len(have) > 2 && strings.Contains(name, have) {
				near = append(near, have)
			}
		}
	}
	if len(near) == 0 {
		return err.WithHint("fob list")
	}
	slices.Sort(near)
	near = slices.Compact(near)
	return err.WithHint("fob list; similar names: %s", strings.Join(near[:min(len(near), 5)], ", "))
}
