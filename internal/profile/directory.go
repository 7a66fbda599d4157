package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// Directory is what is known of the accounts and roles behind a sign-in: names
// and ids, nothing secret.
type Directory struct {
	Session  string        `json:"session"`
	StartURL string        `json:"start_url"` // another one is another directory
	Synced   time.Time     `json:"synced"`
	Accounts []fob.Account `json:"accounts"`
	// Former are names that accounts had before, by account id, the latest first: a
	// source_profile that was written with one goes on working.
	Former map[string][]string `json:"former,omitempty"`

	byID    map[string]int
	current map[string][]label  // folded names and aliases
	past    map[string][]label  // folded former names
	own     []string            // how references name each account
	aliases map[string][]string // by account id
}

func (f *Files) directoryPath(session string) string {
	return filepath.Join(f.home.DataDir, "sso", fileName(session)+".json")
}

// longestName is how much of a sign-in's name is in its file's.
const longestName = 64

// fileName is the name of a sign-in as that of a file: itself if it is plain. A
// name may come from anywhere (~/.aws/config, a start URL), so of others only a
// part can be read, and a hash tells them apart. A tilde is in no plain name.
func fileName(name string) string {
	plain := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_.-", r) {
			return r
		}
		return '-'
	}, name)
	if plain == name && name != "" && len(name) <= longestName && name[0] != '.' && !isDevice(name) {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	plain = strings.TrimLeft(plain, ".")
	return plain[:min(len(plain), longestName/2)] + "~" + hex.EncodeToString(sum[:8])
}

// isDevice reports whether Windows takes a file of that name, whatever its
// extension, for a device.
func isDevice(name string) bool {
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	switch name {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(name) == 4 && (strings.HasPrefix(name, "com") || strings.HasPrefix(name, "lpt")) && '0' <= name[3] && name[3] <= '9'
}

// Directory reads what is known of a sign-in, kept in memory until the file
// changes. It is empty if nothing is known.
func (f *Files) Directory(s fob.Profile) (*Directory, error) {
	path := f.directoryPath(s.Name)
	info, err := os.Stat(path)
	if err != nil {
		info = nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if have := f.directories[path]; have != nil && have.stamp.current(info) && have.StartURL == s.Get("sso_start_url") && have.words == s.Get("sso_account_aliases") {
		return have.Directory, nil
	}
	d := &Directory{Session: s.Name, StartURL: s.Get("sso_start_url")}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fob.Errorf(fob.ErrInternal, "cannot read %s: %w", path, err)
	default:
		if read := parseDirectory(text); read.StartURL == d.StartURL {
			d = read
			d.Session = s.Name
		}
	}
	d.index(s.Get("sso_account_aliases"))
	f.directories[path] = &directory{Directory: d, stamp: newStamp(info), words: s.Get("sso_account_aliases")}
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

// directory is a [Directory] as it was read.
type directory struct {
	*Directory
	stamp stamp
	words string // the aliases, as the definition says them
}

// SaveDirectory writes what a search found, beside the names that accounts had
// before.
func (f *Files) SaveDirectory(d *Directory) error {
	path := f.directoryPath(d.Session)
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

// maxFormer is more names than an account has in its life.
const maxFormer = 8

// remember takes over the names that accounts had in an older directory.
func (d *Directory) remember(old *Directory) {
	if old.StartURL != d.StartURL {
		return
	}
	was := make(map[string]string, len(old.Accounts))
	for _, a := range old.Accounts {
		was[a.ID] = a.Name
	}
	for _, a := range d.Accounts {
		var names []string
		for _, name := range append([]string{was[a.ID]}, old.Former[a.ID]...) {
			if name != "" && name != a.Name && !slices.Contains(names, name) && len(names) < maxFormer {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			if d.Former == nil {
				d.Former = map[string][]string{}
			}
			d.Former[a.ID] = names
		}
	}
}

// ForgetDirectory removes what is known of a sign-in, and what a search that was
// interrupted has found.
func (f *Files) ForgetDirectory(session string) error {
	for _, path := range []string{f.directoryPath(session), f.journalPath(session)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fob.Errorf(fob.ErrInternal, "cannot remove %s: %w", path, err)
		}
	}
	return nil
}

func (f *Files) journalPath(session string) string {
	return strings.TrimSuffix(f.directoryPath(session), ".json") + ".journal"
}
