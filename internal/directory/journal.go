package directory

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"fob/internal/fob"
)

// journal is what a search for accounts and roles has found so far, a line an
// account, so that a search that was killed goes on where it was.
type journal struct {
	file *os.File
}

// journalLimit is how old a journal may be: what it says may have changed since.
const journalLimit = 24 * time.Hour

// journalHead is the first line: whose journal it is.
type journalHead struct {
	StartURL string    `json:"start_url"`
	Began    time.Time `json:"began"`
}

// openJournal returns the journal of a search and the accounts, with
// their roles, that an interrupted search has written into it.
func (s *Store) openJournal(of Source) (*journal, []fob.Account, error) {
	path := s.journalPath(of.Name)
	found, resume := readJournal(path, of.Origin)
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
	j := &journal{file}
	if !resume {
		err = j.add(journalHead{of.Origin, time.Now().UTC()})
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

// add writes a line: the head, or an account whose roles are known.
func (j *journal) add(v any) error {
	line, err := json.Marshal(v)
	if err == nil {
		_, err = j.file.Write(append(line, '\n')) // one write: whole, or not at all when killed
	}
	return err
}

// close ends the journal; a search that is done needs it no more.
func (j *journal) close(done bool) error {
	err := j.file.Close()
	if done {
		if gone := os.Remove(j.file.Name()); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
