package profile

import (
	"slices"
	"strings"

	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/processline"
)

// References returns how the roles of a sign-in are to be called: as
// [directory.Directory.Reference] says, but by ids where a profile of the user's has that
// name and means something else.
func (f *Files) References(d *directory.Directory, paths fob.Paths) (func(a fob.Account, role string) string, error) {
	v, err := f.view(paths)
	if err != nil {
		return nil, err
	}
	return func(a fob.Account, role string) string { return v.reference(d, a, role) }, nil
}

func (v *view) reference(d *directory.Directory, a fob.Account, role string) string {
	name, ids := d.Reference(a, role), d.ByIDs(a, role)
	id := sectionID{"profile", name}
	_, own := v.own.sections[id]
	_, credentials := v.credentials.sections[id]
	config, inConfig := v.config.sections[id]
	call, _ := processline.Parse(config.Keys["credential_process"])
	if own || credentials || inConfig && call.Name != name && call.Name != ids {
		return ids
	}
	return name
}

// reference resolves SESSION/ACCOUNT/ROLE; ok is false if the name is not of
// that form or names no sign-in.
func (f *Files) reference(v *view, name string) (p fob.Profile, ok bool, err error) {
	s, rest, ok := f.referred(v, name)
	slash := strings.LastIndexByte(rest, '/')
	if !ok || slash <= 0 || slash == len(rest)-1 {
		return p, false, nil
	}
	d, err := f.directories.Read(Source(s))
	if err != nil {
		return p, true, err
	}
	a, role, err := d.Lookup(rest)
	if err != nil {
		return p, true, err
	}
	p = fob.Profile{Name: v.reference(d, a, role), Origin: s.Origin, Path: s.Path,
		Keys:      map[string]string{"sso_account_id": a.ID, "sso_role_name": role},
		Endpoints: map[string]string{}}
	for service, url := range s.Endpoints {
		p.Endpoints[service] = url
	}
	if strings.Contains(s.Name, "://") {
		p.Keys["sso_start_url"], p.Keys["sso_region"] = s.Get("sso_start_url"), s.Get("sso_region")
		return p, true, nil
	}
	p.Keys["sso_session"] = s.Name
	return p, true, f.joinSession(v, &p)
}

// referred is the sign-in that a reference begins with: a session, or the start
// URL of profiles without one.
func (f *Files) referred(v *view, name string) (s fob.Profile, rest string, ok bool) {
	if strings.Contains(name, "://") {
		if url, full := v.startURL(name); url != "" {
			s, ok = f.session(v, full)
			return s, strings.TrimPrefix(name[len(url):], "/"), ok
		}
	}
	session, rest, _ := strings.Cut(name, "/")
	s, ok = f.session(v, session)
	return s, rest, ok
}

// startURL finds the start URL that a name is or begins with, among those that
// profiles without a session name; full is that with its region, as sign-ins
// are looked up.
func (v *view) startURL(name string) (url, full string) {
	for _, file := range []*parsed{v.own, v.config, v.credentials} {
		for key := range file.legacy {
			u, _, _ := strings.Cut(key, " ")
			if u == "" || name != u && !strings.HasPrefix(name, u+"/") {
				continue
			}
			if len(u) > len(url) || u == url && key < full {
				url, full = u, key
			}
		}
	}
	return url, full
}

// StartURLs are those that profiles without a session name.
func (f *Files) StartURLs(paths fob.Paths) []string {
	v, err := f.view(paths)
	if err != nil {
		return nil
	}
	var urls []string
	for _, file := range []*parsed{v.own, v.config, v.credentials} {
		for key := range file.legacy {
			if url, _, _ := strings.Cut(key, " "); url != "" {
				urls = append(urls, url)
			}
		}
	}
	slices.Sort(urls)
	return slices.Compact(urls)
}
