package profile

import (
	"maps"
	"strings"

	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/principal"
)

// SessionSection is the type of the section that defines a sign-in.
const SessionSection = "sso-session"

// Source is whose accounts and roles are behind a sign-in.
func Source(signIn fob.Profile) directory.Source {
	return directory.Source{Name: signIn.Name, Origin: signIn.Get("sso_start_url"), Aliases: signIn.Get("sso_account_aliases")}
}

// session finds a sign-in: a section [sso-session NAME], or, for profiles that
// name a start URL themselves, that URL and its region. The URL alone means the
// same, as people type it.
func (f *Files) session(v *view, name string) (fob.Profile, bool) {
	if strings.Contains(name, "://") {
		return f.legacySession(v, name)
	}
	p := fob.Profile{Name: name, Origin: fob.OriginConfig, Path: v.paths.Config,
		Keys: map[string]string{}, Nested: map[string]map[string]string{}, Endpoints: map[string]string{}}
	id := sectionID{SessionSection, name}
	own, isOwn := v.own.sections[id]
	config, inConfig := v.config.sections[id]
	if isOwn {
		p.Origin, p.Path = fob.OriginFob, v.ownPath
		add(&p, own, nil)
	}
	if inConfig {
		add(&p, config, nil)
	}
	v.endpoints(&p)
	return p, isOwn || inConfig
}

// legacySession is the sign-in of profiles that name a start URL themselves. The
// first of them says where AWS is, and whether pages may open.
func (f *Files) legacySession(v *view, name string) (fob.Profile, bool) {
	url, region, whole := strings.Cut(name, " ")
	var first string
	for _, file := range []*parsed{v.own, v.config, v.credentials} {
		if whole {
			first = file.legacy[name]
		} else {
			first, region = file.legacyAt(url)
		}
		if first != "" {
			break
		}
	}
	p := fob.Profile{Name: url, Origin: fob.OriginConfig, Path: v.paths.Config,
		Keys: map[string]string{"sso_start_url": url, "sso_region": region}, Nested: map[string]map[string]string{}, Endpoints: map[string]string{}}
	if one, err := f.resolve(v, first); first != "" && err == nil {
		p.Endpoints = one.Endpoints
		p = p.With("auto_login", one.Get("auto_login"))
	}
	return p, whole || first != ""
}

// legacyAt is the profile that stands for a start URL, and its region: always the
// same of several.
func (p *parsed) legacyAt(url string) (profile, region string) {
	for signIn, one := range p.legacy {
		if of, at, _ := strings.Cut(signIn, " "); of == url && (profile == "" || at < region) {
			profile, region = one, at
		}
	}
	return profile, region
}

// sessions are the names of all sign-ins, fob's own first.
func (v *view) sessions() []string {
	return append(append([]string(nil), v.own.sessions...), missingFrom(v.own.sessions, v.config.sessions)...)
}

func missingFrom(have, more []string) []string {
	seen := map[string]bool{}
	for _, name := range have {
		seen[name] = true
	}
	var rest []string
	for _, name := range more {
		if !seen[name] {
			rest = append(rest, name)
		}
	}
	return rest
}

// joinSession adds to a profile what its sign-in says, as SDKs read it: where the
// portal is, and where fob is to call it.
func (f *Files) joinSession(v *view, p *fob.Profile) error {
	name := p.Get("sso_session")
	if name == "" {
		return nil
	}
	s, ok := f.session(v, name)
	if !ok {
		return fob.Errorf(fob.ErrNotFound, "profile %q names sso_session %q, which does not exist", p.Name, name).
			WithHint("fob add sso %s", name)
	}
	for _, key := range []string{"sso_start_url", "sso_region", "sso_registration_scopes"} {
		if value := s.Get(key); value != "" {
			p.Keys[key] = value
		}
	}
	for _, service := range []string{"sso", "sso_oidc"} {
		if url := s.Endpoint(service); url != "" {
			endpoints := maps.Clone(p.Endpoints)
			if endpoints == nil {
				endpoints = map[string]string{}
			}
			endpoints[service] = url
			p.Endpoints = endpoints
		}
	}
	return nil
}

// sessionOf is the sign-in of a profile that names one and no role, as people have
// them for aws sso login --profile NAME.
func (f *Files) sessionOf(v *view, name string) (fob.Profile, bool) {
	if !v.has(name) {
		return fob.Profile{}, false
	}
	p, err := f.resolve(v, name)
	if err != nil || p.Get("sso_session") == "" {
		return fob.Profile{}, false
	}
	if _, err := principal.Find(f.kinds, p); err == nil {
		return fob.Profile{}, false // it has credentials of its own
	}
	return f.session(v, p.Get("sso_session"))
}

// Session finds a sign-in by its name.
func (f *Files) Session(name string, paths fob.Paths) (fob.Profile, error) {
	v, err := f.view(paths)
	if err != nil {
		return fob.Profile{}, err
	}
	if s, ok := f.session(v, name); ok {
		return s, nil
	}
	if s, ok := f.sessionOf(v, name); ok {
		return s, nil
	}
	err2 := fob.Errorf(fob.ErrNotFound, "no [sso-session %s] in %s or %s", name, v.ownPath, paths.Config)
	if all := v.sessions(); len(all) > 0 {
		return fob.Profile{}, err2.WithHint("there are: %s", strings.Join(all, ", "))
	}
	return fob.Profile{}, err2.WithHint("fob add sso %s --start-url URL --region REGION", name)
}

// Sessions lists all sign-ins.
func (f *Files) Sessions(paths fob.Paths) ([]fob.Profile, error) {
	v, err := f.view(paths)
	if err != nil {
		return nil, err
	}
	var all []fob.Profile
	for _, name := range v.sessions() {
		if s, ok := f.session(v, name); ok {
			all = append(all, s)
		}
	}
	return all, nil
}
