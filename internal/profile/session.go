package profile

import (
	"maps"
	"strings"

	"fob/internal/awsfile"
	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/principal"
)

// SessionSection is the type of the sections that define sign-ins.
const SessionSection = "sso-session"

// Source returns where the accounts and roles behind a sign-in are kept.
func Source(signIn fob.Profile) directory.Source {
	return directory.Source{Name: signIn.Name, Origin: signIn.Get("sso_start_url"), Aliases: signIn.Get("sso_account_aliases")}
}

// roleKeys are the keys of a profile for one role behind a sign-in.
func roleKeys(signIn fob.Profile, account, role string) map[string]string {
	keys := map[string]string{"sso_account_id": account, "sso_role_name": role}
	if isURL(signIn.Name) {
		keys["sso_start_url"], keys["sso_region"] = signIn.Get("sso_start_url"), signIn.Get("sso_region")
	} else {
		keys["sso_session"] = signIn.Name
	}
	return keys
}

// legacyName is the name of the sign-in of a profile that names a start URL itself, as
// the AWS CLI did before it had sessions: URL and region, with a blank between.
func legacyName(s awsfile.Section) (name string, ok bool) {
	url := s.Keys["sso_start_url"]
	return url + " " + s.Keys["sso_region"], url != "" && s.Keys["sso_session"] == ""
}

func splitLegacy(name string) (url, region string) {
	url, region, _ = strings.Cut(name, " ")
	return url, region
}

func isURL(name string) bool { return strings.Contains(name, "://") }

// session finds a sign-in: the section [sso-session NAME] or, for profiles that name a
// start URL themselves, that URL, with its region or without.
func (v *View) session(name string) (fob.Profile, bool) {
	if isURL(name) {
		return v.legacySession(name)
	}
	p := fob.Profile{Name: name, Origin: fob.OriginConfig, Path: v.paths.Config,
		Keys: map[string]string{}, Nested: map[string]map[string]string{}, Endpoints: map[string]string{}}
	id := sectionID{SessionSection, name}
	own, isOwn := v.own.sections[id]
	config, inConfig := v.config.sections[id]
	if isOwn {
		p.Origin, p.Path = fob.OriginFob, v.ownPath()
		add(&p, own, nil)
	}
	if inConfig {
		add(&p, config, nil)
	}
	v.addEndpoints(&p)
	return p, isOwn || inConfig
}

// legacySession is the sign-in of profiles that name a start URL themselves. The first
// of those profiles says which endpoints it has and whether pages may be opened.
func (v *View) legacySession(name string) (fob.Profile, bool) {
	url, region, whole := strings.Cut(name, " ")
	var first string
	for _, file := range v.all() {
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
	if first == "" {
		return p, whole
	}
	if one, err := v.resolve(first); err == nil {
		p.Endpoints = one.Endpoints
		p = p.With("auto_login", one.Get("auto_login"))
	}
	return p, true
}

// legacyAt returns the profile that stands for a start URL, and its region. If the URL
// has several regions, it is the first in alphabetical order.
func (p *parsed) legacyAt(url string) (profile, region string) {
	for signIn, one := range p.legacy {
		if of, at := splitLegacy(signIn); of == url && (profile == "" || at < region) {
			profile, region = one, at
		}
	}
	return profile, region
}

// sessions returns the names of all [sso-session] sections, those of fob's file first.
func (v *View) sessions() []string { return distinct(v.own.sessions, v.config.sessions) }

// joinSession adds what the sign-in of a profile says, as SDKs read it: the start URL,
// the region and the scopes, and the endpoints of the two services of IAM Identity
// Center.
func (v *View) joinSession(p *fob.Profile) error {
	name := p.Get("sso_session")
	if name == "" {
		return nil
	}
	s, ok := v.session(name)
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

// sessionOf returns the sign-in of a profile that names one but yields no credentials
// itself. People have such profiles for aws sso login --profile NAME.
func (v *View) sessionOf(name string) (fob.Profile, bool) {
	if !v.has(name) {
		return fob.Profile{}, false
	}
	p, err := v.resolve(name)
	if err != nil || p.Get("sso_session") == "" {
		return fob.Profile{}, false
	}
	if _, err := principal.Find(v.files.kinds, p); err == nil {
		return fob.Profile{}, false // it yields credentials
	}
	return v.session(p.Get("sso_session"))
}

// Session finds a sign-in: by its name, by its start URL, or by the name of a profile
// that is there only to sign in. The error is [fob.ErrNotFound] if there is none.
func (f *Files) Session(name string, paths fob.Paths) (fob.Profile, error) {
	v, err := f.At(paths)
	if err != nil {
		return fob.Profile{}, err
	}
	return v.signIn(name)
}

func (v *View) signIn(name string) (fob.Profile, error) {
	if s, ok := v.session(name); ok {
		return s, nil
	}
	if s, ok := v.sessionOf(name); ok {
		return s, nil
	}
	err := fob.Errorf(fob.ErrNotFound, "no [sso-session %s] in %s or %s", name, v.ownPath(), v.paths.Config)
	if all := v.sessions(); len(all) > 0 {
		return fob.Profile{}, err.WithHint("there are: %s", strings.Join(all, ", "))
	}
	return fob.Profile{}, err.WithHint("fob add sso %s --start-url URL --region REGION", name)
}

// Sessions lists the sign-ins that have a section [sso-session NAME].
func (f *Files) Sessions(paths fob.Paths) ([]fob.Profile, error) {
	v, err := f.At(paths)
	if err != nil {
		return nil, err
	}
	var all []fob.Profile
	for _, name := range v.sessions() {
		if s, ok := v.session(name); ok {
			all = append(all, s)
		}
	}
	return all, nil
}
