package profile

import (
	"maps"
	"strings"

	"fob/internal/fob"
)

// The type of the section that defines a sign-in.
const sessionSection = "sso-session"

// session finds a sign-in: a section [sso-session NAME], or, for profiles that
// name a start URL themselves, that URL and its region.
func (f *Files) session(v *view, name string) (fob.Profile, bool) {
	p := fob.Profile{Name: name, Origin: fob.OriginConfig, Path: v.paths.Config,
		Keys: map[string]string{}, Nested: map[string]map[string]string{}, Endpoints: map[string]string{}}
	if url, region, ok := strings.Cut(name, " "); ok && strings.Contains(url, "://") {
		p.Name = url
		p.Keys["sso_start_url"], p.Keys["sso_region"] = url, region
		for _, file := range []*parsed{v.own, v.config} {
			if profile, ok := file.legacy[name]; ok {
				one, err := f.resolve(v, profile)
				if err == nil {
					p.Endpoints = one.Endpoints
				}
				break
			}
		}
		return p, true
	}
	id := sectionID{sessionSection, name}
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

// Session finds a sign-in by its name.
func (f *Files) Session(name string, paths fob.Paths) (fob.Profile, error) {
	v, err := f.view(paths)
	if err != nil {
		return fob.Profile{}, err
	}
	if s, ok := f.session(v, name); ok {
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
