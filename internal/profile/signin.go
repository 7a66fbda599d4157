package profile

import (
	"maps"
	"slices"
	"strings"

	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/principal"
)

// A sign-in is a definition of a kind with a [principal.Group]: a section of its own
// ([sso-session NAME]), or keys in profiles that have no such section (a start URL).

// Source is whose accounts and roles are behind a sign-in.
func (f *Files) Source(signIn fob.Profile) directory.Source {
	s := directory.Source{Name: signIn.Name}
	if k, ok := f.groupOf(signIn); ok {
		s.Origin, s.Aliases = signIn.Get(k.Group.Instance), signIn.Get(k.Group.Aliases)
	}
	return s
}

// RoleKind is the name of the kind that the roles behind a sign-in are of.
func (f *Files) RoleKind(signIn fob.Profile) string {
	k, ok := f.groupOf(signIn)
	if !ok {
		return ""
	}
	role := fob.Profile{Keys: roleKeys(k, signIn, "000000000000", "any")}
	if k, err := principal.Find(f.kinds, role); err == nil {
		return k.Name
	}
	return ""
}

// roleKeys are the keys of a profile for one role behind a sign-in.
func roleKeys(k principal.Kind, signIn fob.Profile, account, role string) map[string]string {
	keys := k.Group.Role(account, role)
	if _, inline, ok := k.Group.Definition(signIn.Name); ok {
		for key := range inline {
			keys[key] = signIn.Get(key)
		}
	} else {
		keys[k.Group.Key] = signIn.Name
	}
	return keys
}

// groupOf is the kind of a sign-in.
func (f *Files) groupOf(signIn fob.Profile) (principal.Kind, bool) {
	k, err := principal.Find(f.kinds, signIn)
	return k, err == nil && k.Group != nil
}

// signIn finds a sign-in by its name: a section, or, for profiles that define one by
// keys of their own, those. Its shorter name (the URL alone) means the same, as
// people type it.
func (v *View) signIn(name string) (fob.Profile, principal.Kind, bool) {
	for _, k := range v.files.groups {
		if _, _, inline := k.Group.Definition(name); inline {
			p, ok := v.inlineDefinition(k, name)
			return p, k, ok
		}
		id := sectionID{Type: k.SectionType(), Name: name}
		own, isOwn := v.own.sections[id]
		config, inConfig := v.config.sections[id]
		if !isOwn && !inConfig {
			continue
		}
		p := fob.Profile{Name: name, Origin: fob.OriginConfig, Path: v.paths.Config,
			Keys: map[string]string{}, Nested: map[string]map[string]string{}, Endpoints: map[string]string{}}
		if isOwn {
			p.Origin, p.Path = fob.OriginFob, v.ownPath()
			add(&p, own, nil)
		}
		if inConfig {
			add(&p, config, nil)
		}
		v.addEndpoints(&p)
		return p, k, true
	}
	return fob.Profile{}, principal.Kind{}, false
}

// inlineDefinition is the sign-in of profiles that define it by keys of their own.
// The first of them says what else the kind's keys are, and where it is called.
func (v *View) inlineDefinition(k principal.Kind, name string) (fob.Profile, bool) {
	var first string
	for _, file := range v.all() {
		if first = file.inline[name]; first != "" {
			break
		}
		if full := file.inlineAt(k, name); full != "" {
			name, first = full, file.inline[full]
			break
		}
	}
	short, keys, _ := k.Group.Definition(name)
	p := fob.Profile{Name: short, Origin: fob.OriginConfig, Path: v.paths.Config,
		Keys: keys, Nested: map[string]map[string]string{}, Endpoints: map[string]string{}}
	if one, err := v.resolve(first); first != "" && err == nil {
		p.Endpoints = one.Endpoints
		for _, field := range k.Fields {
			if p.Keys[field.Key] == "" {
				p = p.With(field.Key, one.Get(field.Key))
			}
		}
	}
	return p, first != "" || k.Group.Inline(keys) == name
}

// inlineAt is the name of the sign-in that a shorter one stands for: always the same
// of several.
func (p *parsed) inlineAt(k principal.Kind, short string) (full string) {
	for name := range p.inline {
		if s, _, ok := k.Group.Definition(name); ok && s == short && (full == "" || name < full) {
			full = name
		}
	}
	return full
}

// inlineSignIn finds, among the sign-ins that profiles define by keys of their own,
// the one whose shorter name a text is or begins with, followed by a slash.
func (v *View) inlineSignIn(text string) (short, full string) {
	for _, k := range v.files.groups {
		for _, file := range v.all() {
			for name := range file.inline {
				s, _, ok := k.Group.Definition(name)
				if !ok || text != s && !strings.HasPrefix(text, s+"/") {
					continue
				}
				if len(s) > len(short) || s == short && name < full {
					short, full = s, name
				}
			}
		}
	}
	return short, full
}

// InlineSignIns are the shorter names of the sign-ins that profiles define by keys of
// their own.
func (f *Files) InlineSignIns(paths fob.Paths) []string {
	v, err := f.At(paths)
	if err != nil {
		return nil
	}
	var names []string
	for _, k := range f.groups {
		for _, file := range v.all() {
			for name := range file.inline {
				if short, _, ok := k.Group.Definition(name); ok {
					names = append(names, short)
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// signIns are the names of all sign-ins that have a section, fob's own first.
func (v *View) signIns() []string {
	var names []string
	for _, k := range v.files.groups {
		names = append(names, distinct(v.own.signIns[k.SectionType()], v.config.signIns[k.SectionType()])...)
	}
	return names
}

// joinSignIn adds to a profile what the sign-in says that it refers to, as SDKs read
// it: where the provider is, and where fob is to call it.
func (v *View) joinSignIn(p *fob.Profile) error {
	for _, k := range v.files.groups {
		name := p.Get(k.Group.Key)
		if name == "" {
			continue
		}
		if err := v.sound(sectionID{Type: k.SectionType(), Name: name}); err != nil {
			return err
		}
		s, of, ok := v.signIn(name)
		if !ok || of.Name != k.Name {
			return fob.Errorf(fob.ErrNotFound, "profile %q names %s %q, which does not exist", p.Name, k.Group.Key, name).
				WithHint("%s", k.Usage(name))
		}
		v.addRegion(p, k, s)
		for _, key := range k.Group.Shared {
			if value := s.Get(key); value != "" {
				p.Keys[key] = value
			}
		}
		for _, service := range k.Group.Services {
			if url := s.Endpoint(service); url != "" {
				endpoints := maps.Clone(p.Endpoints)
				if endpoints == nil {
					endpoints = map[string]string{}
				}
				endpoints[service] = url
				p.Endpoints = endpoints
			}
		}
	}
	return nil
}

// addRegion gives a role that says no region the one that its sign-in says, else that of
// the profile default. SDKs look in neither place for it.
func (v *View) addRegion(role *fob.Profile, k principal.Kind, signIn fob.Profile) {
	if role.Get("region") != "" {
		return
	}
	region := k.Group.RoleRegion(signIn, *role)
	for _, file := range []*parsed{v.own, v.credentials, v.config} {
		if region == "" {
			region = file.sections[sectionID{Type: "profile", Name: "default"}].Keys["region"]
		}
	}
	if region != "" {
		role.Keys["region"] = region
	}
}

// Regions returns a function that says the region of each role of a sign-in, empty where
// nothing says one.
func (f *Files) Regions(signIn fob.Profile, paths fob.Paths) (func(a fob.Account, role string) string, error) {
	v, err := f.At(paths)
	if err != nil {
		return nil, err
	}
	k, ok := f.groupOf(signIn)
	return func(a fob.Account, role string) string {
		if !ok {
			return ""
		}
		p := fob.Profile{Keys: k.Group.Role(a.ID, role)}
		v.addRegion(&p, k, signIn)
		return p.Get("region")
	}, nil
}

// signInOf is the sign-in of a profile that refers to one and names no role, as people
// have them for aws sso login --profile NAME.
func (v *View) signInOf(name string) (fob.Profile, bool) {
	if !v.has(name) {
		return fob.Profile{}, false
	}
	p, err := v.resolve(name)
	if err != nil {
		return fob.Profile{}, false
	}
	if _, err := principal.Find(v.files.kinds, p); err == nil {
		return fob.Profile{}, false // it has credentials of its own
	}
	for _, k := range v.files.groups {
		if signIn := p.Get(k.Group.Key); signIn != "" {
			s, _, ok := v.signIn(signIn)
			return s, ok
		}
	}
	return fob.Profile{}, false
}

// SignIn finds a sign-in by its name, or by that of a profile which refers to it.
func (f *Files) SignIn(name string, paths fob.Paths) (fob.Profile, error) {
	v, err := f.At(paths)
	if err != nil {
		return fob.Profile{}, err
	}
	return v.signInOr(name)
}

// signInOr is the sign-in of a name, or the error that there is none.
func (v *View) signInOr(name string) (fob.Profile, error) {
	for _, k := range v.files.groups {
		if err := v.sound(sectionID{Type: k.SectionType(), Name: name}); err != nil {
			return fob.Profile{}, err
		}
	}
	if s, _, ok := v.signIn(name); ok {
		return s, nil
	}
	if s, ok := v.signInOf(name); ok {
		return s, nil
	}
	missing := fob.Errorf(fob.ErrNotFound, "no sign-in %q in %s or %s", name, v.ownPath(), v.paths.Config)
	if all := v.signIns(); len(all) > 0 {
		return fob.Profile{}, missing.WithHint("there are: %s", strings.Join(all, ", "))
	}
	var usages []string
	for _, k := range v.files.groups {
		usages = append(usages, k.Usage(name))
	}
	return fob.Profile{}, missing.WithHint("%s", strings.Join(usages, "; or: "))
}

// SignIns lists all sign-ins that have a section.
func (f *Files) SignIns(paths fob.Paths) ([]fob.Profile, error) {
	v, err := f.At(paths)
	if err != nil {
		return nil, err
	}
	var all []fob.Profile
	for _, name := range v.signIns() {
		if s, _, ok := v.signIn(name); ok {
			all = append(all, s)
		}
	}
	return all, nil
}
