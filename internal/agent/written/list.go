package written

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// The list on disk, and the lock that makes it one agent's.

// hold locks the list for this agent, and deletes the files that a killed one left.
func (r *Register) hold() (messages []string, err error) {
	if r.lock.Locked() {
		return nil, nil
	}
	mine, err := r.lock.TryLock()
	switch {
	case err != nil:
		return nil, fob.Errorf(fob.ErrInternal, "cannot lock the list of written files: %w", err).WithHint("check the directory's owner and free space")
	case !mine:
		return nil, fob.Errorf(fob.ErrConflict, "another agent of yours has files of credentials out").
			WithHint("fob agent stop, with the XDG_RUNTIME_DIR that it has")
	}
	return r.load(), nil
}

// holdOrTell is hold for callers that need no file: it reports a failure only if there are files.
func (r *Register) holdOrTell() []string {
	messages, err := r.hold()
	if err == nil {
		return messages
	}
	r.log.Warn("the list of written files is not this agent's", "error", err)
	if _, e := os.Lstat(r.path); errors.Is(e, fs.ErrNotExist) {
		return nil
	}
	return []string{"warning: " + err.Error() + "; they stay"}
}

// load reads the list of a killed agent and deletes its files.
func (r *Register) load() (messages []string) {
	r.files = map[string]*File{}
	atomicfile.Clean(r.path)
	text, err := atomicfile.Read(r.path)
	var list []*File
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.log.Error("the list of written files cannot be read; files that a killed agent left stay", "error", err)
		if _, err := atomicfile.SetAside(r.path, "damaged"); err != nil {
			r.log.Error("nor set aside", "error", err)
		}
		messages = append(messages, "warning: the list of files of credentials cannot be read; those that an agent left when it was killed stay")
	}
	for _, f := range list {
		if f != nil {
			r.files[f.Path] = f
			atomicfile.Clean(f.Path)
		}
	}
	if gone := r.clear(); len(gone) > 0 {
		messages = append(messages, "an agent was killed and had left files of credentials: "+strings.Join(gone, "; "))
	}
	return messages
}

// letGo releases the lock of an empty list, so that other agents can take it.
func (r *Register) letGo() {
	if len(r.files) == 0 {
		_ = r.lock.Unlock()
	}
}

// save writes the list; an empty list is no file.
func (r *Register) save() error {
	if len(r.files) == 0 {
		return atomicfile.Remove(r.path)
	}
	text, err := json.Marshal(r.sorted())
	if err != nil {
		return err
	}
	return atomicfile.Replace(r.path, text)
}

func (r *Register) saveOrLog() {
	if err := r.save(); err != nil {
		r.log.Error("the list of written files cannot be written", "error", err)
	}
}
