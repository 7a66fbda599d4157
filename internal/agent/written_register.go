package agent

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// The register on disk, and whose it is.

// hold makes the register this agent's, and takes away what a killed one left.
func (w *written) hold() (messages []string, err error) {
	if w.lock.Locked() {
		return nil, nil
	}
	mine, err := w.lock.TryLock()
	switch {
	case err != nil:
		return nil, fob.Errorf(fob.ErrInternal, "cannot lock the list of written files: %w", err).WithHint("check the directory's owner and free space")
	case !mine:
		return nil, fob.Errorf(fob.ErrConflict, "another agent of yours has files of credentials out").
			WithHint("fob agent stop, with the XDG_RUNTIME_DIR that it has")
	}
	return w.load(), nil
}

// holdOrTell is for when nobody asked for a file: only what is out is worth a word.
func (w *written) holdOrTell() []string {
	messages, err := w.hold()
	if err == nil {
		return messages
	}
	w.log.Warn("the list of written files is not this agent's", "error", err)
	if _, e := os.Lstat(w.path); errors.Is(e, fs.ErrNotExist) {
		return nil
	}
	return []string{"warning: " + err.Error() + "; they stay"}
}

func (w *written) load() (messages []string) {
	w.files = map[string]*writtenFile{}
	atomicfile.Clean(w.path)
	text, err := atomicfile.Read(w.path)
	var list []*writtenFile
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.log.Error("the list of written files cannot be read; files that a killed agent left stay", "error", err)
		if _, err := atomicfile.SetAside(w.path, "damaged"); err != nil {
			w.log.Error("nor set aside", "error", err)
		}
		messages = append(messages, "warning: the list of files of credentials cannot be read; those that an agent left when it was killed stay")
	}
	for _, f := range list {
		if f != nil {
			w.files[f.Path] = f
			atomicfile.Clean(f.Path)
		}
	}
	if gone := w.clear(); len(gone) > 0 {
		messages = append(messages, "an agent was killed and had left files of credentials: "+strings.Join(gone, "; "))
	}
	return messages
}

// letGo leaves a register in which nothing is to other agents.
func (w *written) letGo() {
	if len(w.files) == 0 {
		_ = w.lock.Unlock()
	}
}

// save writes the register; an empty one is no file.
func (w *written) save() error {
	if len(w.files) == 0 {
		return atomicfile.Remove(w.path)
	}
	text, err := json.Marshal(w.sorted())
	if err != nil {
		return err
	}
	return atomicfile.Replace(w.path, text)
}

func (w *written) saveOrLog() {
	if err := w.save(); err != nil {
		w.log.Error("the list of written files cannot be written", "error", err)
	}
}
