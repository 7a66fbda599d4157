package profile

import (
	"errors"
	"os"
	"strings"
	"sync"

	"fob/internal/atomicfile"
	"fob/internal/awsfile"
	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/processline"
)

// maxParsed is how many parsed files are cached. A caller's environment names two, beside
// fob's own, and few callers name others than the rest.
const maxParsed = 16

// Files are the definitions of one user. Parsed files are cached until they change on
// disk, so that a lookup costs a stat of each, whatever their size. All methods may be
// called concurrently; a file that cannot be read holds up nobody who needs another.
type Files struct {
	home        fob.Home
	kinds       []principal.Kind
	groups      []principal.Kind // those of the kinds whose definitions are sign-ins
	directories *directory.Store
	// authenticating are the keys of all kinds, without those that every kind accepts.
	authenticating map[string]bool

	reader atomicfile.Reader

	mu     sync.Mutex
	cache  map[source]*cached
	used   int // counts the uses of the cache
	listed listing
}

// source is a file as it is parsed: the same text means something else in the other file.
type source struct {
	kind awsfile.Kind
	path string
}

// cached is a place in the cache. Its lock is held while the file is read, so that one
// caller does it for all.
type cached struct {
	used int // when, for Files.mu

	mu     sync.Mutex
	parsed *parsed // nil until the file was read
}

// New returns the definitions under home. The kinds say which keys authenticate; the
// directories hold the accounts and roles behind sign-ins.
func New(home fob.Home, kinds []principal.Kind, directories *directory.Store) *Files {
	f := &Files{home: home, kinds: kinds, directories: directories, authenticating: map[string]bool{}, cache: map[source]*cached{}}
	for _, k := range kinds {
		if k.Group != nil {
			f.groups = append(f.groups, k)
		}
		for _, field := range k.Fields {
			f.authenticating[field.Key] = true
		}
	}
	for _, field := range principal.Common() {
		delete(f.authenticating, field.Key)
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
	// damage is the first of each section that is in doubt; see [awsfile.File.Damage].
	damage map[sectionID]awsfile.Warning
	sound  error // [awsfile.File.Sound]
}

type sectionID = awsfile.ID

// read returns a file from the cache, or parses it. A missing file is an empty one.
func (f *Files) read(kind awsfile.Kind, path string) (*parsed, error) {
	info, err := f.reader.Stat(path)
	return f.readAs(kind, path, info, err)
}

// readAs is read, of a file that was looked at already.
func (f *Files) readAs(kind awsfile.Kind, path string, info os.FileInfo, err error) (*parsed, error) {
	if errors.Is(err, atomicfile.ErrHangs) {
		return nil, awsfile.Unreadable(path, err)
	}
	if err != nil {
		info = nil // missing or unreadable: awsfile.Read tells which
	}
	c := f.place(source{kind, path})
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parsed != nil && c.parsed.stamp.Current(info) {
		return c.parsed, nil
	}
	file, err := awsfile.ReadWith(&f.reader, kind, path)
	if err != nil {
		return nil, err
	}
	c.parsed = f.parse(file, path, info)
	return c.parsed, nil
}

// readOwn returns fob's own file. One that is damaged is refused: nothing in it is sure.
func (f *Files) readOwn() (*parsed, error) {
	own, err := f.read(awsfile.Config, f.home.Config())
	return f.whole(own, err)
}

// whole refuses fob's own file where it is damaged.
func (f *Files) whole(own *parsed, err error) (*parsed, error) {
	if err != nil {
		return nil, err
	}
	return own, own.sound
}

// place is where a file is in the cache. The file that was not used for longest makes
// place for a new one.
func (f *Files) place(of source) *cached {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.used++
	c := f.cache[of]
	if c == nil {
		c = &cached{}
		f.cache[of] = c
	}
	c.used = f.used
	for len(f.cache) > maxParsed {
		oldest := of
		for other, o := range f.cache {
			if o.used < f.cache[oldest].used {
				oldest = other
			}
		}
		delete(f.cache, oldest)
	}
	return c
}

func (f *Files) parse(file *awsfile.File, path string, info os.FileInfo) *parsed {
	p := &parsed{stamp: atomicfile.NewStamp(info), sections: map[sectionID]awsfile.Section{},
		signIns: map[string][]string{}, inline: map[string]string{}, damage: map[sectionID]awsfile.Warning{}}
	p.sound = file.Sound(path)
	for _, w := range file.Damage() {
		for _, id := range w.Touches {
			if _, known := p.damage[id]; !known {
				p.damage[id] = w
			}
		}
	}
	for _, s := range file.Sections() {
		p.sections[sectionID{Type: s.Type, Name: s.Name}] = s
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
	return p
}

// LineExe returns the program for lines in the user's AWS files: fob's absolute path, which
// the user's PATH cannot exchange, or, where the setting exe_in_path says that machines
// share the files, the name to be found in PATH.
func (f *Files) LineExe(path string) string {
	if strings.EqualFold(f.Setting("exe_in_path"), "true") {
		return processline.InPath
	}
	return path
}

// Setting returns a setting of fob itself: a key of the section [fob] in fob's own file.
// It is empty if the key is not set or the file cannot be read.
func (f *Files) Setting(key string) string {
	own, err := f.read(awsfile.Config, f.home.Config())
	if err != nil {
		return ""
	}
	return own.sections[sectionID{Type: "", Name: "fob"}].Keys[key]
}
