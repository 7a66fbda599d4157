package directory

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// journal records what a search has found so far, one line for each account, so that
// the next search continues after a kill.
type journal struct {
	file *os.File
}

// journalLimit is the age at which a journal is dropped, because roles may have changed
// since.
const journalLimit = 24 * time.Hour

// journalHead is the first line.
type journalHead struct {
	Origin string    `json:"start_url"`
	Began  time.Time `json:"began"`
}

// openJournal opens the journal of a search and returns the accounts, with their roles,
// that an interrupted search has written.
func (s *Store) openJournal(of Source) (*journal, []fob.Account, error) {
	path := s.journalPath(of.Name)
	found, resume := readJournal(path, of.Origin)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil && !resume {
		err = atomicfile.Remove(path)
	}
	var file *os.File
	if err == nil {
		file, err = atomicfile.Append(path)
	}
	if err != nil {
		return nil, nil, fob.Errorf(fob.ErrInternal, "cannot write %s: %w", path, err).WithHint("check free space")
	}
	j := &journal{file}
	if !resume {
		if err := j.add(journalHead{of.Origin, time.Now().UTC()}); err != nil {
			return nil, nil, errors.Join(err, j.close(false))
		}
	}
	return j, found, nil
}

func readJournal(path, origin string) (found []fob.Account, resume bool) {
	text, err := atomicfile.Read(path)
	if err != nil {
		return nil, false
	}
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	var head journalHead
	if json.Unmarshal(first, &head) != nil || head.Origin != origin || time.Since(head.Began) > journalLimit || len(text) == 0 || text[len(text)-1] != '\n' {
		return nil, false // of another origin, too old, or cut off
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
		_, err = j.file.Write(append(line, '\n')) // in one write, so that a kill leaves no half line
	}
	return err
}

// close closes the journal, and removes it if the search is done.
func (j *journal) close(done bool) error {
	err := j.file.Close()
	if done {
		if gone := os.Remove(j.file.Name()); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
