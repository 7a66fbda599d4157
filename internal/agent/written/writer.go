package written

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"fob/internal/atomicfile"
	"fob/internal/delivery/write"
	"fob/internal/fob"
)

// Writer is the permission of one request to write files. It ends when all files
// have to go.
type Writer struct {
	// Profile is whose credentials the request is for.
	Profile string
	// Renews is the file that the request is to renew; nil if a person asked.
	Renews *File
	// Again makes the same request again, with nobody to ask, to renew a file.
	Again func(ctx context.Context, f *File) error
	// Tell tells the person who asked something.
	Tell func(message string)

	register   *Register
	generation int
}

// Writer returns a writer for one request, and false where nobody would delete the
// files: in an agent that serves one front end only.
func (r *Register) Writer() (*Writer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &Writer{register: r, generation: r.generation}, r.open
}

// Occupied reports whether there is content at a path that fob did not write.
func (w *Writer) Occupied(path string) (bool, error) {
	r := w.register
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.letGo()
	if _, err := r.hold(); err != nil {
		return false, err
	}
	return r.occupied(path)
}

// occupied reports whether there is content at a path that fob did not write: another
// tool's file, or fob's with something added. An empty file is not occupied, because
// mktemp makes such.
func (r *Register) occupied(path string) (bool, error) {
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
	f := r.files[path]
	if f == nil {
		return true, nil
	}
	ours, err := f.state()
	if err != nil {
		return false, fob.Errorf(fob.ErrConflict, "cannot read what is in %s: %w", path, err)
	}
	return !ours, nil
}

// Write writes a file, the entry in the register first. It returns where what was
// there has been set aside, if it was.
func (w *Writer) Write(d write.File) (aside string, err error) {
	r := w.register
	var warning string
	defer func() { // after the lock is released, because a front end may be slow to read
		if warning != "" {
			w.Tell(warning)
		}
	}()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.open || r.generation != w.generation {
		return "", fob.Errorf(fob.ErrLocked, "the vault was locked, or the agent told to stop, before %s was written", d.Path)
	}
	defer r.letGo()
	if _, err := r.hold(); err != nil {
		return "", err
	}
	old := r.files[d.Path]
	text := []byte(d.Text.Reveal())
	f := &File{Path: d.Path, Profile: w.Profile, Section: d.Section, Expiration: d.Expiration, again: w.Again}
	if old != nil {
		f.Sums = slices.Clone(old.Sums)
	}
	if w.Renews != nil {
		if ours, err := w.Renews.state(); err != nil || !ours || old != w.Renews {
			return "", changed(d.Path)
		}
	}
	// Checked again here, because the file may have been written by fob since the check before.
	// fob's own file must not be renamed, or nobody would delete it.
	occupied, err := r.occupied(d.Path)
	if err != nil {
		return "", err
	}
	if occupied && !d.Aside {
		return "", write.NotOurs(d.Path)
	}
	f.Sums = append(slices.DeleteFunc(f.Sums, func(s string) bool { return s == sum(text) }), sum(text))
	r.files[d.Path] = f
	if err = r.save(); err == nil && occupied {
		aside, err = atomicfile.SetAside(d.Path, "before-fob")
	}
	if err == nil {
		err = atomicfile.Replace(d.Path, text)
	}
	if err != nil {
		failed := fob.Errorf(fob.ErrInternal, "%s was not written: %w", d.Path, err).WithHint("check the directory's owner and free space")
		if aside = r.restore(f, old, aside); aside != "" {
			failed.Message += "; what was there is now " + aside
		}
		return "", failed
	}
	f.Sums = f.Sums[len(f.Sums)-1:]
	r.saveOrLog() // without it the register only has one hash too many
	if old != nil {
		old.stop()
	}
	r.schedule(f)
	if aside != "" && old != nil && old.Expiration.After(r.now()) {
		warning = "warning: " + aside + " may hold credentials of " + old.Profile + ", valid until " +
			old.Expiration.UTC().Format(time.RFC3339) + ", and fob does not take it away"
	}
	return aside, nil
}

// restore undoes what it can of a write that failed. It returns where the content that
// was set aside is, if it could not be put back.
func (r *Register) restore(f, old *File, aside string) string {
	atomicfile.Clean(f.Path)
	if ours, err := f.state(); (old == nil || aside != "") && err == nil && ours {
		_, _ = r.remove(f) // written, but perhaps not durable
	}
	if _, err := os.Lstat(f.Path); aside != "" && errors.Is(err, fs.ErrNotExist) && os.Rename(aside, f.Path) == nil {
		aside = ""
	}
	switch {
	case old != nil:
		old.Sums = f.Sums // it may have the old or the new content
		r.files[f.Path] = old
	default:
		delete(r.files, f.Path)
	}
	r.saveOrLog()
	return aside
}
