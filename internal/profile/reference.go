package profile

import (
	"maps"
	"strings"

	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/principal"
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
	id := sectionID{Type: "profile", Name: name}
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
	s, kind, rest, ok := v.beginsWith(name)
	slash := strings.LastIndexByte(rest, '/')
	if !ok || slash <= 0 || slash == len(rest)-1 {
		return p, false, nil
	}
	d, err := v.files.directories.Read(v.files.Source(s))
	if err != nil {
		return p, true, err
	}
	a, role, err := d.Lookup(rest)
	if err != nil {
		return p, true, err
	}
	p = fob.Profile{Name: v.nameOf(d, a, role), Origin: s.Origin, Path: s.Path, Keys: roleKeys(kind, s, a.ID, role), Endpoints: maps.Clone(s.Endpoints)}
	v.addRegion(&p, kind, s)
	return p, true, v.joinSignIn(&p)
}

// beginsWith returns the sign-in that a reference begins with, by its name or its
// shorter name, its kind, and the rest of the reference.
func (v *View) beginsWith(name string) (s fob.Profile, kind principal.Kind, rest string, ok bool) {
	if short, full := v.inlineSignIn(name); short != "" {
		s, kind, ok = v.signIn(full)
		return s, kind, strings.TrimPrefix(name[len(short):], "/"), ok
	}
	signIn, rest, _ := strings.Cut(name, "/")
	s, kind, ok = v.signIn(signIn)
	return s, kind, rest, ok
}
