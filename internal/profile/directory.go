package profile

import (
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

	byID   map[string]int
	byName map[string][]int // folded names and aliases
}

func (f *Files) directoryPath(session string) string {
	return filepath.Join(f.home.DataDir, "sso", session+".json")
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
	if have := f.directories[path]; have != nil && have.stamp.current(info) && have.StartURL == s.Get("sso_start_url") && have.aliases == s.Get("sso_account_aliases") {
		return have.Directory, nil
	}
	d := &Directory{Session: s.Name, StartURL: s.Get("sso_start_url")}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fob.Errorf(fob.ErrInternal, "cannot read %s: %w", path, err)
	default:
		var read Directory
		if json.Unmarshal(text, &read) == nil && read.StartURL == d.StartURL {
			d = &read
		}
	}
	d.index(s.Get("sso_account_aliases"))
	f.directories[path] = &directory{Directory: d, stamp: newStamp(info), aliases: s.Get("sso_account_aliases")}
	return d, nil
}

// directory is a [Directory] as it was read.
type directory struct {
	*Directory
	stamp   stamp
	aliases string
}

// SaveDirectory writes what a search found.
func (f *Files) SaveDirectory(d *Directory) error {
	path := f.directoryPath(d.Session)
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

// fold makes names comparable as people type them: without regard to case, and
// with dashes for blanks.
func fold(name string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "-")
}

func (d *Directory) index(aliases string) {
	d.byID, d.byName = make(map[string]int, len(d.Accounts)), make(map[string][]int, len(d.Accounts))
	for i, a := range d.Accounts {
		d.byID[a.ID] = i
		d.byName[fold(a.Name)] = append(d.byName[fold(a.Name)], i)
	}
	for alias := range strings.SplitSeq(aliases, ",") {
		name, id, ok := strings.Cut(alias, "=")
		if i, known := d.byID[strings.TrimSpace(id)]; ok && known {
			d.byName[fold(name)] = []int{i} // the user's own word for it
		}
	}
}

// account finds an account by id, name or alias.
func (d *Directory) account(name string) (fob.Account, error) {
	if i, ok := d.byID[name]; ok {
		return d.Accounts[i], nil
	}
	if isAccountID(name) {
		return fob.Account{ID: name}, nil // not seen yet: AWS knows
	}
	found := d.byName[fold(name)]
	exact := slices.DeleteFunc(slices.Clone(found), func(i int) bool { return d.Accounts[i].Name != name })
	if len(exact) == 1 {
		found = exact
	}
	switch len(found) {
	case 1:
		return d.Accounts[found[0]], nil
	case 0:
		err := fob.Errorf(fob.ErrNotFound, "no account %q is known of %s", name, d.Session)
		if len(d.Accounts) == 0 {
			return fob.Account{}, err.WithHint("fob sync %s, or name the account by its id", d.Session)
		}
		return fob.Account{}, err.WithHint("fob list %s; fob sync %s if it is new", d.Session, d.Session)
	}
	var candidates []string
	for _, i := range found {
		candidates = append(candidates, d.Accounts[i].ID+" ("+d.Accounts[i].Email+")")
	}
	return fob.Account{}, fob.Errorf(fob.ErrUsage, "%d accounts of %s are named %q: %s", len(found), d.Session, name, strings.Join(candidates, ", ")).
		WithHint("use the id: %s/%s/ROLE", d.Session, d.Accounts[found[0]].ID)
}

func isAccountID(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }

// Reference is the name of one role, SESSION/ACCOUNT/ROLE: with the account's
// name where that is unique and every tool can pass it on, else its id.
func (d *Directory) Reference(a fob.Account, role string) string {
	account := a.ID
	if len(d.byName[fold(a.Name)]) == 1 && a.Name != "" && !strings.ContainsFunc(a.Name, unsafe) {
		account = a.Name
	}
	return d.Session + "/" + account + "/" + role
}

// unsafe are characters that some SDK cannot pass on in a credential_process.
func unsafe(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_.@+-", r))
}

// reference resolves SESSION/ACCOUNT/ROLE; ok is false if the name is not of
// that form or names no sign-in.
func (f *Files) reference(v *view, name string) (p fob.Profile, ok bool, err error) {
	session, rest, _ := strings.Cut(name, "/")
	slash := strings.LastIndexByte(rest, '/')
	if slash <= 0 || slash == len(rest)-1 {
		return p, false, nil
	}
	s, ok := f.session(v, session)
	if !ok {
		return p, false, nil
	}
	d, err := f.Directory(s)
	if err != nil {
		return p, true, err
	}
	a, err := d.account(rest[:slash])
	if err != nil {
		return p, true, err
	}
	role, err := d.role(a, rest[slash+1:])
	if err != nil {
		return p, true, err
	}
	p = fob.Profile{Name: d.Reference(a, role), Origin: s.Origin, Path: s.Path,
		Keys:      map[string]string{"sso_session": session, "sso_account_id": a.ID, "sso_role_name": role},
		Endpoints: map[string]string{}}
	for service, url := range s.Endpoints {
		p.Endpoints[service] = url
	}
	return p, true, f.joinSession(v, &p)
}

// role finds a role of an account, as people type it. Where nothing is known of
// the account, AWS will say.
func (d *Directory) role(a fob.Account, name string) (string, error) {
	for _, r := range a.Roles {
		if r == name {
			return r, nil
		}
	}
	for _, r := range a.Roles {
		if strings.EqualFold(r, name) {
			return r, nil
		}
	}
	if a.Roles == nil {
		return name, nil
	}
	return "", fob.Errorf(fob.ErrNotFound, "you have no role %q in account %s (%s)", name, a.Name, a.ID).
		WithHint("there are: %s; fob sync %s if it is new", strings.Join(a.Roles, ", "), d.Session)
}

// Complete lists references that begin with a text, at most limit of them; role
// by role only once the account is typed.
func (d *Directory) Complete(text string, limit int) []string {
	names := []string{}
	for _, a := range d.Accounts {
		if len(names) >= limit {
			break
		}
		prefix := d.Reference(a, "")
		switch {
		case prefix != text && strings.HasPrefix(prefix, text):
			names = append(names, prefix)
		case strings.HasPrefix(text, prefix):
			for _, role := range a.Roles {
				if strings.HasPrefix(prefix+role, text) {
					names = append(names, prefix+role)
				}
			}
		}
	}
	return names
}
