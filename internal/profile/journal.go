package profile

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"fob/internal/fob"
)

// searchPoll is how often one search looks whether another has ended: they take
// seconds to minutes.
const searchPoll = 100 * time.Millisecond

// Searching makes its caller the only one, in any process, that searches behind a
// sign-in, until unlock. Where another does already, busy is called once before
// that one is waited for, and waited says that it happened.
func (f *Files) Searching(ctx context.Context, s fob.Profile, busy func()) (unlock func(), waited bool, err error) {
	dir := f.home.Locks()
	sum := sha256.Sum256([]byte(f.directoryPath(s.Name))) // names may be URLs
	lock := flock.New(filepath.Join(dir, "search-"+hex.EncodeToString(sum[:8])), flock.SetPermissions(0o600))
	failed := func(err error) error {
		return fob.Errorf(fob.ErrInternal, "cannot lock %s: %w", lock.Path(), err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, false, failed(err)
	}
	unlock = func() { _ = lock.Unlock() }
	alone, err := lock.TryLock()
	if err != nil {
		return nil, false, failed(err)
	}
	if alone {
		return unlock, false, nil
	}
	busy()
	if _, err := lock.TryLockContext(ctx, searchPoll); ctx.Err() != nil {
		return nil, true, ctx.Err()
	} else if err != nil {
		return nil, true, failed(err)
	}
	return unlock, true, nil
}

// Journal is what a search for accounts and roles has found so far, a line an
// account, so that a search that was killed goes on where it was.
type Journal struct {
	file *os.File
}

// journalLimit is how old a journal may be: what it says may have changed since.
const journalLimit = 24 * time.Hour

// journalHead is the first line: whose journal it is.
type journalHead struct {
	StartURL string    `json:"start_url"`
	Began    time.Time `json:"began"`
}

// OpenJournal returns the journal of a sign-in's search and the accounts, with
// their roles, that an interrupted search has written into it.
func (f *Files) OpenJournal(s fob.Profile) (*Journal, []fob.Account, error) {
	path := strings.TrimSuffix(f.directoryPath(s.Name), ".json") + ".journal"
	found, resume := readJournal(path, s.Get("sso_start_url"))
	flags := os.O_WRONLY | os.O_APPEND | os.O_CREATE
	if !resume {
		flags |= os.O_TRUNC
	}
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	var file *os.File
	if err == nil {
		file, err = os.OpenFile(path, flags, 0o600)
	}
	if err != nil {
		return nil, nil, fob.Errorf(fob.ErrInternal, "cannot write %s: %w", path, err).WithHint("check free space")
	}
	j := &Journal{file}
	if !resume {
		err = j.add(journalHead{s.Get("sso_start_url"), time.Now().UTC()})
	}
	return j, found, err
}

func readJournal(path, startURL string) (found []fob.Account, resume bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	var head journalHead
	if json.Unmarshal(first, &head) != nil || head.StartURL != startURL || time.Since(head.Began) > journalLimit || len(text) == 0 || text[len(text)-1] != '\n' {
		return nil, false // another's, too old, or torn
	}
	for line := range bytes.Lines(rest) {
		var a fob.Account
		if json.Unmarshal(line, &a) == nil && a.Roles != nil {
			found = append(found, a)
		}
	}
	return found, true
}

// Add writes one account whose roles are known.
func (j *Journal) Add(a fob.Account) error { return j.add(a) }

func (j *Journal) add(v any) error {
	line, err := json.Marshal(v)
	if err == nil {
		_, err = j.file.Write(append(line, '\n')) // one write: whole, or not at all when killed
	}
	return err
}

// Close ends the journal; a search that is done needs it no more.
func (j *Journal) Close(done bool) error {
	err := j.file.Close()
	if done {
		if gone := os.Remove(j.file.Name()); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
