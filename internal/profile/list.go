package profile

import (
	"fob/internal/fob"
	"fob/internal/processline"
)

// listing is the last list and the files that it was made from.
type listing struct {
	own, config, credentials *parsed
	profiles                 []fob.Profile
}

// List returns every definition: those of fob's own file in file order, then those of
// the AWS files whose names fob's file does not have. A section that asks fob for
// another name is listed with what that name means; one that cannot be resolved, by its
// name alone. The list is cached while the files do not change, and must not be
// modified.
func (f *Files) List(paths fob.Paths) ([]fob.Profile, error) {
	v, err := f.At(paths)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	last := f.listed
	f.mu.Unlock()
	if last.profiles != nil && last.own == v.own && last.config == v.config && last.credentials == v.credentials {
		return last.profiles, nil
	}
	all := v.list()
	if !v.refersElsewhere() {
		f.mu.Lock()
		f.listed = listing{v.own, v.config, v.credentials, all}
		f.mu.Unlock()
	}
	return all, nil
}

// refersElsewhere reports whether a section of the AWS files asks fob for another name,
// as those of fob generate do. Then the list depends on directories, too, and is not
// cached.
func (v *View) refersElsewhere() bool {
	for _, p := range []*parsed{v.config, v.credentials} {
		for id, s := range p.sections {
			if call, ok := processline.Parse(s.Keys["credential_process"]); ok && (call.Name != id.Name || v.origin(id.Name) != fob.OriginFob) {
				return true
			}
		}
	}
	return false
}

func (v *View) list() []fob.Profile {
	most := len(v.own.order) + len(v.config.order) + len(v.credentials.order)
	all, seen := make([]fob.Profile, 0, most), make(map[string]bool, most)
	for _, p := range v.all() {
		for _, name := range p.order {
			if seen[name] {
				continue
			}
			seen[name] = true
			one, err := v.lookup(name)
			if err != nil {
				one, err = v.resolve(name) // without what it asks fob for
			}
			if err != nil {
				one = fob.Profile{} // one mistake must not hide the others
			}
			one.Name, one.Origin, one.Path = name, v.origin(name), v.path(name)
			all = append(all, one)
		}
	}
	return all
}

// Names returns the names of all profiles, those of fob's own file first.
func (f *Files) Names(paths fob.Paths) ([]string, error) {
	v, err := f.At(paths)
	if err != nil {
		return nil, err
	}
	return distinct(v.own.order, v.config.order, v.credentials.order), nil
}

// distinct returns the names of all lists, each once, in their order.
func distinct(lists ...[]string) []string {
	var all []string
	seen := map[string]bool{}
	for _, list := range lists {
		for _, name := range list {
			if !seen[name] {
				seen[name] = true
				all = append(all, name)
			}
		}
	}
	return all
}
