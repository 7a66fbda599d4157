// Package written keeps the register of the credential files that fob write created:
// it renews them, and deletes them when the vault is locked, when the agent stops and
// when their credentials expire.
package written

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"fob/internal/api"
	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// Register lists the credential files that fob wrote. An entry is on disk before its
// file is, so that a restarted agent can delete what a killed one left; there is no
// secret in it. While the list is empty no timer runs.
//
// Agents that do not share a socket share the list: one in a login session with
// XDG_RUNTIME_DIR, and one in a job without. It is therefore locked while there are
// files, so that no agent takes another's files for those of a killed one.
type Register struct {
	path string
	lock *flock.Flock
	now  func() time.Time
	log  *slog.Logger

	mu         sync.Mutex
	open       bool // false: nobody would delete files
	generation int  // counts how often all files had to go
	files      map[string]*File
}

// New returns a register that is kept at path, with a lock file at lock. It has to be
// opened before files can be written.
func New(path, lock string, now func() time.Time, log *slog.Logger) *Register {
	return &Register{path: path, lock: atomicfile.Lock(lock), now: now, log: log}
}

// Open opens the register and deletes the files that a killed agent left. It returns
// messages for the person.
func (r *Register) Open() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.letGo()
	r.open = true
	return r.holdOrTell()
}

// Close deletes every file, and no more can be written. It returns messages for the
// person.
func (r *Register) Close() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.letGo()
	r.open = false
	r.generation++
	return r.clear()
}

// DeleteAll deletes every file, and ends the permission of requests in progress to
// write one. It returns messages for the person.
func (r *Register) DeleteAll() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.letGo()
	r.generation++
	return append(r.holdOrTell(), r.clear()...)
}

// clear deletes every file that still has the content that fob wrote.
func (r *Register) clear() (messages []string) {
	if len(r.files) == 0 {
		return nil
	}
	for _, f := range r.sorted() {
		switch removed, err := r.remove(f); {
		case err != nil:
			r.log.Error("a written file cannot be removed", "path", f.Path, "error", err)
			messages = append(messages, "warning: "+f.Path+" cannot be removed, and holds credentials of "+f.Profile)
		case removed:
			r.log.Info("a written file was removed", "path", f.Path)
			messages = append(messages, "removed "+f.Path)
		case f.there():
			messages = append(messages, "warning: "+f.Path+" is not what fob wrote any more, and stays")
		}
	}
	r.saveOrLog()
	return messages
}

// Delete deletes the files at paths; all files, if there are no paths. One that is not
// there is missing, which is no error.
func (r *Register) Delete(paths []string) (removed, missing []string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.open {
		return nil, nil, fob.Errorf(fob.ErrUsage, "files that fob wrote are known to the agent, and this is none").WithHint("unset FOB_AGENT")
	}
	defer r.letGo()
	if _, err = r.hold(); err != nil {
		return nil, nil, err
	}
	files := r.sorted()
	if len(paths) > 0 {
		if files, missing, err = r.find(paths); err != nil {
			return nil, nil, err
		}
	}
	defer r.saveOrLog()
	removed = []string{}
	for _, f := range files {
		switch gone, e := r.remove(f); {
		case e != nil:
			err = fob.Errorf(fob.ErrInternal, "%s cannot be removed: %w", f.Path, e)
		case gone:
			removed = append(removed, f.Path)
		case f.there():
			err = changed(f.Path)
		}
	}
	return removed, missing, err
}

// changed refuses to replace or delete a file with content that fob did not write.
func changed(path string) error {
	return fob.Errorf(fob.ErrConflict, "%s is not what fob wrote any more, and stays", path).WithHint("look at it, and remove it yourself")
}

// find returns the entries of paths, and the paths at which there is no file.
func (r *Register) find(paths []string) (files []*File, missing []string, err error) {
	for _, path := range paths {
		if place, err := atomicfile.Place(path); err == nil {
			path = place
		}
		f := r.files[path]
		switch there := (&File{Path: path}).there(); {
		case f == nil && there:
			return nil, nil, fob.Errorf(fob.ErrNotFound, "%s is no file that fob wrote and has out", path).WithHint("fob agent status")
		case !there:
			missing = append(missing, path)
		}
		if f != nil && !slices.Contains(files, f) {
			files = append(files, f)
		}
	}
	return files, missing, nil
}

// List returns the files that fob wrote and nobody has deleted or changed since.
func (r *Register) List() []api.Written {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.letGo()
	rows := []api.Written{}
	for _, f := range r.sorted() {
		if ours, err := f.state(); err == nil && !ours {
			r.drop(f)
			defer r.saveOrLog()
			continue
		}
		rows = append(rows, api.Written{Path: f.Path, Profile: f.Profile, Section: f.Section, Expiration: f.Expiration})
	}
	return rows
}

// remove deletes a file if its content is still what fob wrote, and drops its entry in
// any case. After an error the entry stays.
func (r *Register) remove(f *File) (removed bool, err error) {
	ours, err := f.state()
	if err != nil {
		return false, err
	}
	if ours {
		if err := atomicfile.Remove(f.Path); err != nil {
			return false, err
		}
	}
	r.drop(f)
	return ours, nil
}

func (r *Register) drop(f *File) {
	f.stop()
	delete(r.files, f.Path)
}

func (r *Register) sorted() []*File {
	return slices.SortedFunc(maps.Values(r.files), func(a, b *File) int { return strings.Compare(a.Path, b.Path) })
}
