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

// Source is whose accounts and roles a directory holds.
type Source struct {
	Name    string // what the names of its roles begin with
	Origin  string // where it is, as a start URL: another one is another directory
	Aliases string // further names of accounts: NAME=ID, separated by commas
}

// Store keeps directories, a file each. Those that were read are kept in memory
// until their files change.
type Store struct {
	home fob.Home

	mu   sync.Mutex
	kept map[string]kept // by path
}

// kept is a directory as it was read.
type kept struct {
	*Directory
	stamp   atomicfile.Stamp
	aliases string // those that it is indexed with
}

// NewStore returns the directories under home.
func NewStore(home fob.Home) *Store { return &Store{home: home, kept: map[string]kept{}} }

func (s *Store) path(name string) string {
	return filepath.Join(s.home.DataDir, "sso", fileName(name)+".json")
}

// Read returns what is known of a source. The directory is empty if nothing is.
func (s *Store) Read(of Source) (*Directory, error) {
	path := s.path(of.Name)
	info, err := os.Stat(path)
	if err != nil {
		info = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if have, ok := s.kept[path]; ok && have.stamp.Current(info) && have.StartURL == of.Origin && have.aliases == of.Aliases {
		return have.Directory, nil
	}
	d := &Directory{Session: of.Name, StartURL: of.Origin}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fob.Errorf(fob.ErrInternal, "cannot read %s: %w", path, err)
	default:
		if read := parseDirectory(text); read.StartURL == d.StartURL {
			d = read
			d.Session = of.Name
		}
	}
	d.index(of.Aliases)
	s.kept[path] = kept{d, atomicfile.NewStamp(info), of.Aliases}
	return d, nil
}

// parseDirectory is empty where the text is damaged: a search makes it anew.
func parseDirectory(text []byte) *Directory {
	d := &Directory{}
	if json.Unmarshal(text, d) != nil {
		return &Directory{}
	}
	return d
}

// Save writes what a search found, beside the names that accounts had
// before.
func (s *Store) Save(d *Directory) error {
	path := s.path(d.Session)
	if text, err := os.ReadFile(path); err == nil {
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

// Delete removes what is known of a source, and what a search that was
// interrupted has found.
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
