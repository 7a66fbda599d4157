package profile

import (
	"os"
	"sync"

	"fob/internal/atomicfile"
	"fob/internal/awsfile"
	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/principal"
)

// Files are the definitions of one user. Parsed files are cached until they change on
// disk, so that a lookup costs a stat of each, whatever their size. All methods may be
// called concurrently.
type Files struct {
	home        fob.Home
	kinds       []principal.Kind
	groups      []principal.Kind // those of the kinds whose definitions are sign-ins
	directories *directory.Store

	mu     sync.Mutex
	parsed map[string]*parsed // by path
	listed listing
}

// New returns the definitions under home. The kinds say which keys authenticate; the
// directories hold the accounts and roles behind sign-ins.
func New(home fob.Home, kinds []principal.Kind, directories *directory.Store) *Files {
	f := &Files{home: home, kinds: kinds, directories: directories, parsed: map[string]*parsed{}}
	for _, k := range kinds {
		if k.Group != nil {
			f.groups = append(f.groups, k)
		}
	}
	return f
}

// parsed is one file as it was when it was read.
type parsed struct {
	stamp    atomicfile.Stamp
	sections map[sectionID]awsfile.Section
	order    []string // names of profiles, in file order
	// signIns are the names of the sections that are no profiles, by their type, in file
	// order.
	signIns map[string][]string
	// inline are the sign-ins that profiles define by keys of their own, each with the
	// first profile that does, which stands for it.
	inline map[string]string
}

type sectionID struct{ typ, name string }

// read returns a file from the cache, or parses it. A missing file is an empty one.
func (f *Files) read(kind awsfile.Kind, path string) (*parsed, error) {
	info, err := os.Stat(path)
	if err != nil {
		info = nil // missing or unreadable: awsfile.Read tells which
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
	p := &parsed{stamp: atomicfile.NewStamp(info), sections: map[sectionID]awsfile.Section{},
		signIns: map[string][]string{}, inline: map[string]string{}}
	for _, s := range file.Sections() {
		p.sections[sectionID{s.Type, s.Name}] = s
		if s.Type != "profile" {
			p.signIns[s.Type] = append(p.signIns[s.Type], s.Name)
			continue
		}
		p.order = append(p.order, s.Name)
		for _, k := range f.groups {
			if signIn := k.Group.Inline(s.Keys); signIn != "" && p.inline[signIn] == "" {
				p.inline[signIn] = s.Name
			}
		}
	}
	f.parsed[path] = p
	return p, nil
}

// Setting returns a setting of fob itself: a key of the section [fob] in fob's own file.
// It is empty if the key is not set or the file cannot be read.
func (f *Files) Setting(key string) string {
	own, err := f.read(awsfile.Config, f.home.Config())
	if err != nil {
		return ""
	}
	return own.sections[sectionID{"", "fob"}].Keys[key]
}
