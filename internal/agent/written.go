package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"fob/internal/api"
	"fob/internal/atomicfile"
	"fob/internal/delivery"
	"fob/internal/fob"
)

// written is the register of the files of credentials that are out (fob write).
// It is on disk before a file is, so that an agent that was killed leaves its
// successor the list; there is no secret in it. Nothing runs while it is empty.
//
// Agents that do not share a socket share it: one of a login's XDG_RUNTIME_DIR, and
// one of a job's that has none. So it is locked while files are out: what another
// agent has out is no killed agent's.
type written struct {
	path string
	lock *flock.Flock
	now  func() time.Time
	log  *slog.Logger

	mu    sync.Mutex
	open  bool // false: nobody would take files away
	epoch int  // counts how often all files had to go
	files map[string]*writtenFile
}

// writtenFile is one file. It is fob's as long as its content is.
type writtenFile struct {
	Path       string    `json:"path"`
	Profile    string    `json:"profile"`
	Section    string    `json:"section"`
	Expiration time.Time `json:"expiration"`
	// Sums are of what fob wrote there, and of what it was about to write.
	Sums []string `json:"sha256"`

	again func(ctx context.Context, f *writtenFile) error // writes it anew
	timer *time.Timer
}

// begin takes away what a killed agent left, and opens the register. It returns
// what there is to tell.
func (w *written) begin() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.letGo()
	w.open = true
	return w.holdOrTell()
}

// end takes everything away for good, and returns what there is to tell.
func (w *written) end() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.letGo()
	w.open = false
	w.epoch++
	return w.clear()
}

// removeAll takes everything away; what was on its way to a file never gets there.
func (w *written) removeAll() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.letGo()
	w.epoch++
	return append(w.holdOrTell(), w.clear()...)
}

func (w *written) clear() (messages []string) {
	if len(w.files) == 0 {
		return nil
	}
	for _, f := range w.sorted() {
		switch removed, err := w.remove(f); {
		case err != nil:
			w.log.Error("a written file cannot be removed", "path", f.Path, "error", err)
			messages = append(messages, "warning: "+f.Path+" cannot be removed, and holds credentials of "+f.Profile)
		case removed:
			w.log.Info("a written file was removed", "path", f.Path)
			messages = append(messages, "removed "+f.Path)
		case f.there():
			messages = append(messages, "warning: "+f.Path+" is not what fob wrote any more, and stays")
		}
	}
	w.saveOrLog()
	return messages
}

// take removes the files at paths, or all; a file that is not there is no error,
// but missing.
func (w *written) take(paths []string) (removed, missing []string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.open {
		return nil, nil, fob.Errorf(fob.ErrUsage, "files that fob wrote are known to the agent, and this is none").WithHint("unset FOB_AGENT")
	}
	defer w.letGo()
	if _, err = w.hold(); err != nil {
		return nil, nil, err
	}
	files := w.sorted()
	if len(paths) > 0 {
		if files, missing, err = w.find(paths); err != nil {
			return nil, nil, err
		}
	}
	defer w.saveOrLog()
	removed = []string{}
	for _, f := range files {
		switch gone, e := w.remove(f); {
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

func changed(path string) error {
	return fob.Errorf(fob.ErrConflict, "%s is not what fob wrote any more, and stays", path).WithHint("look at it, and remove it yourself")
}

func (w *written) find(paths []string) (files []*writtenFile, missing []string, err error) {
	for _, path := range paths {
		if place, err := atomicfile.Place(path); err == nil {
			path = place
		}
		f := w.files[path]
		switch there := (&writtenFile{Path: path}).there(); {
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

// list shows what is out; a file that a person removed or changed is not.
func (w *written) list() []api.Written {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.letGo()
	rows := []api.Written{}
	for _, f := range w.sorted() {
		if ours, err := f.state(); err == nil && !ours {
			w.drop(f)
			defer w.saveOrLog()
			continue
		}
		rows = append(rows, api.Written{Path: f.Path, Profile: f.Profile, Section: f.Section, Expiration: f.Expiration})
	}
	return rows
}

// turn is the permission to write that one request has.
type turn struct {
	profile string
	epoch   int
	renews  *writtenFile // nil: a person asked
	again   func(ctx context.Context, f *writtenFile) error
	tell    func(message string) // the person
}

// begun is what a turn begins with; not open where nobody would take files away.
func (w *written) begun() (epoch int, open bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.epoch, w.open
}

// foreign reports whether put would not replace what is at a path.
func (w *written) foreign(path string) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.letGo()
	if _, err := w.hold(); err != nil {
		return false, err
	}
	return w.strange(path)
}

// strange reports whether content is at a path that is not what fob wrote there:
// neither a tool's file nor what somebody added to fob's is lost. A file without
// content is nobody's: mktemp makes such.
func (w *written) strange(path string) (bool, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fob.Errorf(fob.ErrInternal, "cannot look at %s: %w", path, err)
	case !info.Mode().IsRegular():
		return false, fob.Errorf(fob.ErrConflict, "%s is not a plain file", path)
	case info.Size() == 0:
		return false, nil
	}
	f := w.files[path]
	if f == nil {
		return true, nil
	}
	ours, err := f.state()
	if err != nil {
		return false, fob.Errorf(fob.ErrConflict, "cannot read what is in %s: %w", path, err)
	}
	return !ours, nil
}

// put writes a file: first what it will be to the register, then the file.
func (w *written) put(d delivery.File, t turn) (aside string, err error) {
	var warning string
	defer func() { // once others can go on: a front end may be slow to read
		if warning != "" {
			t.tell(warning)
		}
	}()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.open || w.epoch != t.epoch {
		return "", fob.Errorf(fob.ErrLocked, "the vault was locked, or the agent told to stop, before %s was written", d.Path)
	}
	defer w.letGo()
	if _, err := w.hold(); err != nil {
		return "", err
	}
	old := w.files[d.Path]
	text := []byte(d.Text.Reveal())
	f := &writtenFile{Path: d.Path, Profile: t.profile, Section: d.Section, Expiration: d.Expiration, again: t.again}
	if old != nil {
		f.Sums = slices.Clone(old.Sums)
	}
	if t.renews != nil {
		if ours, err := t.renews.state(); err != nil || !ours || old != t.renews {
			return "", changed(d.Path)
		}
	}
	// Judged here, for what was there when the person was asked may be gone: what
	// fob itself has written meanwhile is not set aside, where nobody would remove it.
	strange, err := w.strange(d.Path)
	if err != nil {
		return "", err
	}
	if strange && !d.Aside {
		return "", delivery.NotOurs(d.Path)
	}
	f.Sums = append(slices.DeleteFunc(f.Sums, func(s string) bool { return s == sum(text) }), sum(text))
	w.files[d.Path] = f
	if err = w.save(); err == nil && strange {
		aside, err = atomicfile.SetAside(d.Path, "before-fob")
	}
	if err == nil {
		err = atomicfile.Replace(d.Path, text)
	}
	if err != nil {
		failed := fob.Errorf(fob.ErrInternal, "%s was not written: %w", d.Path, err).WithHint("check the directory's owner and free space")
		if aside = w.restore(f, old, aside); aside != "" {
			failed.Message += "; what was there is now " + aside
		}
		return "", failed
	}
	f.Sums = f.Sums[len(f.Sums)-1:]
	w.saveOrLog() // else one sum more is in the register than needed
	if old != nil {
		old.stop()
	}
	w.schedule(f)
	if aside != "" && old != nil && old.Expiration.After(w.now()) {
		warning = "warning: " + aside + " may hold credentials of " + old.Profile + ", valid until " +
			old.Expiration.UTC().Format(time.RFC3339) + ", and fob does not take it away"
	}
	return aside, nil
}

// restore is what remains of a file that could not be written. It returns where
// what was there is, if it could not come back.
func (w *written) restore(f, old *writtenFile, aside string) string {
	atomicfile.Clean(f.Path)
	if ours, err := f.state(); (old == nil || aside != "") && err == nil && ours {
		_, _ = w.remove(f) // it is there, and not for sure on disk
	}
	if _, err := os.Lstat(f.Path); aside != "" && errors.Is(err, fs.ErrNotExist) && os.Rename(aside, f.Path) == nil {
		aside = ""
	}
	switch {
	case old != nil:
		old.Sums = f.Sums // the old or the new content
		w.files[f.Path] = old
	default:
		delete(w.files, f.Path)
	}
	w.saveOrLog()
	return aside
}

// remove takes a file away, if it is still what fob wrote, and forgets it. After
// an error it is still in the register.
func (w *written) remove(f *writtenFile) (removed bool, err error) {
	ours, err := f.state()
	if err != nil {
		return false, err
	}
	if ours {
		if err := atomicfile.Remove(f.Path); err != nil {
			return false, err
		}
	}
	w.drop(f)
	return ours, nil
}

func (w *written) drop(f *writtenFile) {
	f.stop()
	delete(w.files, f.Path)
}

func (f *writtenFile) there() bool {
	_, err := os.Lstat(f.Path)
	return !errors.Is(err, fs.ErrNotExist)
}

// state reports whether a file is there and what fob wrote.
func (f *writtenFile) state() (ours bool, err error) {
	info, err := os.Lstat(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	text, err := atomicfile.Read(f.Path)
	return err == nil && slices.Contains(f.Sums, sum(text)), err
}

func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}

func (w *written) sorted() []*writtenFile {
	return slices.SortedFunc(maps.Values(w.files), func(a, b *writtenFile) int { return strings.Compare(a.Path, b.Path) })
}

// takeAway removes files that are out.
func (a *Agent) takeAway(ctx context.Context, r *request, p api.TakeAwayParams) ([]string, error) {
	removed, missing, err := a.written.take(p.Paths)
	for _, path := range missing {
		r.ui.Tell(ctx, "nothing is out at "+path)
	}
	for _, path := range removed {
		if err != nil { // the answer is the error
			r.ui.Tell(ctx, "removed "+path)
		}
	}
	return removed, err
}
