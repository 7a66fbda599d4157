package profile

import (
	"os"
	"sync"

	"fob/internal/atomicfile"
	"fob/internal/awsfile"
	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/processline"
)

// Files are the definitions of one user. Parsed files are kept and read again
// when they change, so that a lookup costs a stat whatever their size.
type Files struct {
	home  fob.Home
	kinds []principal.Kind

	directories *directory.Store

	mu     sync.Mutex
	parsed map[string]*parsed // by path
	listed listing
}

// listing is the last list, and the files that it was made of.
type listing struct {
	own, config, credentials *parsed
	profiles                 []fob.Profile
}

// New returns the definitions under home; kinds say which keys authenticate,
// directories what is behind the sign-ins.
func New(home fob.Home, kinds []principal.Kind, directories *directory.Store) *Files {
	return &Files{home: home, kinds: kinds, directories: directories, parsed: map[string]*parsed{}}
}

// parsed is a file as it was at one moment.
type parsed struct {
	stamp    atomicfile.Stamp
	sections map[sectionID]awsfile.Section
	order    []string // profile names, in file order
	sessions []string // names of sign-ins, in file order
	// legacy are the profiles that name a start URL themselves, by that URL and the
	// region: the first of each, which stands for the sign-in.
	legacy map[string]string
}

type sectionID struct{ typ, name string }

func (f *Files) read(kind awsfile.Kind, path string) (*parsed, error) {
	info, err := os.Stat(path)
	if err != nil {
		info = nil // missing, or unreadable: awsfile.Read tells which
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if have := f.parsed[path]; have != nil && have.stamp.Current(info) {
		return have, nil
	}
	file, err := awsfile.Read(kind, path)
	if err != nil {
		return nil, err
	}
	p := &parsed{stamp: atomicfile.NewStamp(info), sections: map[sectionID]awsfile.Section{}, legacy: map[string]string{}}
	for _, s := range file.Sections() {
		p.sections[sectionID{s.Type, s.Name}] = s
		switch s.Type {
		case "profile":
			p.order = append(p.order, s.Name)
			signIn := s.Keys["sso_start_url"] + " " + s.Keys["sso_region"]
			if _, have := p.legacy[signIn]; !have && s.Keys["sso_session"] == "" {
				p.legacy[signIn] = s.Name
			}
		case SessionSection:
			p.sessions = append(p.sessions, s.Name)
		}
	}
	f.parsed[path] = p
	return p, nil
}

// view is the three files at one moment.
type view struct {
	own, config, credentials *parsed
	ownPath                  string
	paths                    fob.Paths
}

func (f *Files) view(paths fob.Paths) (*view, error) {
	v := &view{ownPath: f.home.Config(), paths: paths}
	var err error
	if v.own, err = f.read(awsfile.Config, v.ownPath); err != nil {
		return nil, err
	}
	if v.config, err = f.read(awsfile.Config, paths.Config); err != nil {
		return nil, err
	}
	if v.credentials, err = f.read(awsfile.Credentials, paths.Credentials); err != nil {
		return nil, err
	}
	return v, nil
}

// Lookup finds a definition by name: of fob's own file, else of the AWS files,
// else SESSION/ACCOUNT/ROLE, else a sign-in, by its name or its start URL.
func (f *Files) Lookup(name string, paths fob.Paths) (fob.Profile, error) {
	if name == "" {
		return fob.Profile{}, fob.Errorf(fob.ErrUsage, "the profile's name is empty").WithHint("fob list shows the names")
	}
	if session, ok := fob.IsSignIn(name); ok {
		return f.Session(session, paths)
	}
	v, err := f.view(paths)
	if err != nil {
		return fob.Profile{}, err
	}
	return f.lookup(v, name)
}

// At fixes the definitions as the files are now: what is looked up in the answer is
// of one moment.
func (f *Files) At(paths fob.Paths) (*View, error) {
	v, err := f.view(paths)
	if err != nil {
		return nil, err
	}
	return &View{f, v}, nil
}

// View is the definitions of one moment.
type View struct {
	files *Files
	view  *view
}

// Lookup finds a definition by name, as [Files.Lookup] does; sign-ins are not found by
// SIGN-IN words.
func (v *View) Lookup(name string) (fob.Profile, error) { return v.files.lookup(v.view, name) }

func (f *Files) lookup(v *view, name string) (fob.Profile, error) {
	if !v.has(name) {
		if p, ok, err := f.reference(v, name); ok {
			return p, err
		}
		if url, full := v.startURL(name); url == name && url != "" {
			name = full
		}
		if p, ok := f.session(v, name); ok {
			return p, nil
		}
	}
	p, err := f.define(v, name)
	if err != nil || p.Origin == fob.OriginFob {
		return p, err
	}
	switch call, ok := processline.Parse(p.Get("credential_process")); {
	case ok && call.Name != name:
		return f.called(v, p, call.Name)
	case ok && f.notOurselves(p) != nil:
		// A section that is named as a role of a sign-in is, and asks fob for it,
		// means that role.
		if role, ok, err := f.reference(v, name); ok {
			return f.beside(role, p), err
		}
	}
	return p, f.notOurselves(p)
}

// called is what a section means that asks fob for another name, as fob generate
// writes them: that definition, with the section's own settings (region, output).
func (f *Files) called(v *view, section fob.Profile, other string) (fob.Profile, error) {
	if v.has(other) {
		further, err := f.resolve(v, other)
		if _, again := processline.Parse(further.Get("credential_process")); err == nil && again && further.Origin != fob.OriginFob {
			return fob.Profile{}, fob.Errorf(fob.ErrUsage, "profile %q asks fob for %q, which asks fob again", section.Name, other).
				WithHint("correct the credential_process of %q in %s", section.Name, section.Path)
		}
	}
	p, err := f.lookup(v, other)
	if err != nil {
		return fob.Profile{}, err
	}
	return f.beside(p, section), nil
}

// beside is what a section asks fob for, with what the section says beside that.
func (f *Files) beside(p, section fob.Profile) fob.Profile {
	for key, value := range section.Keys {
		if !f.Authenticates(key) && key != GeneratedKey {
			p = p.With(key, value)
		}
	}
	p.Path = section.Path
	return p
}

// has reports whether a profile of that name is defined anywhere.
func (v *view) has(name string) bool {
	id := sectionID{"profile", name}
	for _, p := range []*parsed{v.own, v.config, v.credentials} {
		if _, ok := p.sections[id]; ok {
			return true
		}
	}
	return false
}

// Setting returns a setting of fob's own: a key of the section [fob] of fob's own
// file, and of no other.
func (f *Files) Setting(key string) string {
	own, err := f.read(awsfile.Config, f.home.Config())
	if err != nil {
		return ""
	}
	return own.sections[sectionID{"", "fob"}].Keys[key]
}

// List returns every definition: fob's own in file order, then those of the AWS
// files that have no namesake in fob's; what sections ask fob for, as that. The list
// is kept while the files are the same, and must not be changed.
func (f *Files) List(paths fob.Paths) ([]fob.Profile, error) {
	v, err := f.view(paths)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	last := f.listed
	f.mu.Unlock()
	if last.profiles != nil && last.own == v.own && last.config == v.config && last.credentials == v.credentials {
		return last.profiles, nil
	}
	all := f.list(v)
	if !v.asksForOthers() { // else it depends on more than these files
		f.mu.Lock()
		f.listed = listing{v.own, v.config, v.credentials, all}
		f.mu.Unlock()
	}
	return all, nil
}

// asksForOthers reports whether a section asks fob for another name than its own, as
// those of fob generate do.
func (v *view) asksForOthers() bool {
	for _, p := range []*parsed{v.config, v.credentials} {
		for id, s := range p.sections {
			if call, ok := processline.Parse(s.Keys["credential_process"]); ok && (call.Name != id.name || v.origin(id.name) != fob.OriginFob) {
				return true
			}
		}
	}
	return false
}

func (f *Files) list(v *view) []fob.Profile {
	files := []*parsed{v.own, v.config, v.credentials}
	most := len(v.own.order) + len(v.config.order) + len(v.credentials.order)
	all, seen := make([]fob.Profile, 0, most), make(map[string]bool, most)
	for _, p := range files {
		for _, name := range p.order {
			if seen[name] {
				continue
			}
			seen[name] = true
			one, err := f.lookup(v, name)
			if err != nil {
				one, err = f.resolve(v, name) // without what it asks fob for
			}
			if err != nil {
				// A definition that cannot be resolved is listed by name alone: one
				// mistake must not hide the others.
				one = fob.Profile{}
			}
			one.Name, one.Origin, one.Path = name, v.origin(name), v.path(name)
			all = append(all, one)
		}
	}
	return all
}

func (v *view) origin(name string) fob.Origin {
	if _, ok := v.own.sections[sectionID{"profile", name}]; ok {
		return fob.OriginFob
	}
	return fob.OriginConfig
}

// path is the file to name in messages about a profile.
func (v *view) path(name string) string {
	id := sectionID{"profile", name}
	if _, ok := v.own.sections[id]; ok {
		return v.ownPath
	}
	if _, ok := v.config.sections[id]; ok {
		return v.paths.Config
	}
	return v.paths.Credentials
}

// Names are the names of all profiles, fob's own first.
func (f *Files) Names(paths fob.Paths) ([]string, error) {
	v, err := f.view(paths)
	if err != nil {
		return nil, err
	}
	names := append([]string(nil), v.own.order...)
	names = append(names, missingFrom(names, v.config.order)...)
	return append(names, missingFrom(names, v.credentials.order)...), nil
}
