package directory

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// Source is what gives access to accounts and roles.
type Source struct {
	Name    string // references to its roles begin with it
	Origin  string // its address, such as a start URL; a directory of another origin is not used
	Aliases string // further names of accounts: NAME=ID, separated by commas
}

// Store keeps directories, one file for each source. Directories that were read are
// cached until their files change. All methods may be called concurrently.
type Store struct {
	home   fob.Home
	reader atomicfile.Reader

	mu    sync.Mutex
	cache map[string]cached // by path
}

// cached is a directory as it was read.
type cached struct {
	*Directory
	stamp   atomicfile.Stamp
	aliases string // it is indexed with these
}

// NewStore returns the directories under home.
func NewStore(home fob.Home) *Store {
	return &Store{home: home, cache: map[string]cached{}}
}

func (s *Store) path(name string) string {
	return filepath.Join(s.home.DataDir, "accounts", fileName(name)+".json")
}

// Read returns the directory of a source. It is empty if the source was never searched
// at its present origin.
func (s *Store) Read(of Source) (*Directory, error) {
	path := s.path(of.Name)
	info, err := s.reader.Stat(path)
	if err != nil {
		info = nil
	}
	s.mu.Lock()
	have, ok := s.cache[path]
	s.mu.Unlock()
	if ok && have.stamp.Current(info) && have.Origin == of.Origin && have.aliases == of.Aliases {
		return have.Directory, nil
	}
	d := &Directory{Name: of.Name, Origin: of.Origin}
	text, _, err := s.reader.Read(path, atomicfile.Limit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fob.Errorf(fob.ErrInternal, "cannot read %s: %w", path, err)
	default:
		if read := parseDirectory(text); read.Origin == d.Origin {
			d = read
			d.Name = of.Name
		}
	}
	d.index(of.Aliases)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cache[path] = cached{d, atomicfile.NewStamp(info), of.Aliases}
	return d, nil
}

// parseDirectory returns an empty directory for damaged text: a search replaces it.
func parseDirectory(text []byte) *Directory {
	d := &Directory{}
	if json.Unmarshal(text, d) != nil {
		return &Directory{}
	}
	return d
}

// Save replaces the directory of a source. Names that accounts had in the one before
// are remembered in d.
func (s *Store) Save(d *Directory) error {
	path := s.path(d.Name)
	if text, err := atomicfile.Read(path); err == nil {
		d.remember(parseDirectory(text))
	}
	text, err := json.Marshal(d)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = atomicfile.Replace(path, text)
	}
	if err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot write %s: %w", path, err).WithHint("check free space")
	}
	return nil
}

// Delete removes the directory of a source and the journal of an interrupted search.
func (s *Store) Delete(name string) error {
	for _, path := range []string{s.path(name), s.journalPath(name)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fob.Errorf(fob.ErrInternal, "cannot remove %s: %w", path, err)
		}
	}
	return nil
}

func (s *Store) journalPath(name string) string {
	return strings.TrimSuffix(s.path(name), ".json") + ".journal"
}
