package profile

import (
	"maps"
	"slices"
	"strings"

	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/processline"
)

// References returns a function that names the roles of a directory. It is
// [directory.Directory.Reference], but with the account's id where a profile of the
// user's has that very name and means something else.
func (f *Files) References(d *directory.Directory, paths fob.Paths) (func(a fob.Account, role string) string, error) {
	v, err := f.At(paths)
	if err != nil {
		return nil, err
	}
	return func(a fob.Account, role string) string { return v.nameOf(d, a, role) }, nil
}

func (v *View) nameOf(d *directory.Directory, a fob.Account, role string) string {
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

// reference finds the role that SESSION/ACCOUNT/ROLE names; ok is false if the name has
// another form or begins with no sign-in.
func (v *View) reference(name string) (p fob.Profile, ok bool, err error) {
	s, rest, ok := v.beginsWith(name)
	slash := strings.LastIndexByte(rest, '/')
	if !ok || slash <= 0 || slash == len(rest)-1 {
		return p, false, nil
	}
	d, err := v.files.directories.Read(Source(s))
	if err != nil {
		return p, true, err
	}
	a, role, err := d.Lookup(rest)
	if err != nil {
		return p, true, err
	}
	p = fob.Profile{Name: v.nameOf(d, a, role), Origin: s.Origin, Path: s.Path, Keys: roleKeys(s, a.ID, role), Endpoints: maps.Clone(s.Endpoints)}
	return p, true, v.joinSession(&p)
}

// beginsWith returns the sign-in that a reference begins with, by its name or its start
// URL, and the rest of the reference.
func (v *View) beginsWith(name string) (s fob.Profile, rest string, ok bool) {
	if isURL(name) {
		if url, full := v.startURL(name); url != "" {
			s, ok = v.session(full)
			return s, strings.TrimPrefix(name[len(url):], "/"), ok
		}
	}
	session, rest, _ := strings.Cut(name, "/")
	s, ok = v.session(session)
	return s, rest, ok
}

// startURL finds the longest start URL, of those that profiles name themselves, that is
// the name or that the name continues with a slash. full is the sign-in's name with its
// region, the first in order if a URL has several.
func (v *View) startURL(name string) (url, full string) {
	for _, file := range v.all() {
		for key := range file.legacy {
			u, _ := splitLegacy(key)
			if name != u && !strings.HasPrefix(name, u+"/") {
				continue
			}
			if len(u) > len(url) || u == url && key < full {
				url, full = u, key
			}
		}
	}
	return url, full
}

// StartURLs returns the start URLs that profiles name themselves, sorted. It is empty if
// a file cannot be read.
func (f *Files) StartURLs(paths fob.Paths) []string {
	v, err := f.At(paths)
	if err != nil {
		return nil
	}
	var urls []string
	for _, file := range v.all() {
		for key := range file.legacy {
			url, _ := splitLegacy(key)
			urls = append(urls, url)
		}
	}
	slices.Sort(urls)
	return slices.Compact(urls)
}
