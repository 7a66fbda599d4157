package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// offer adds to an error a hint to the backup copy, if it opens. The caller holds f.mu.
func (f *File) offer(err *fob.Error) error {
	if !f.backup || f.key == nil || f.offered(err) {
		return err
	}
	path := f.path + backupSuffix
	if _, e := os.Stat(path); e != nil && errors.Is(err, fob.ErrNotFound) {
		return err // the vault is on another computer, or was never made
	}
	return err.WithHint("put back a copy of %s from your backups; there is no good %s", f.path, path)
}

// offered adds the backup copy to an error's hint, if there is one that opens, and reports that.
func (f *File) offered(err *fob.Error) bool {
	if !f.backup {
		return false
	}
	path := f.path + backupSuffix
	doc, when, e := readBackup(path, f.key)
	if e != nil || f.doc.vault != "" && f.doc.vault != doc.vault {
		return false
	}
	err.Hint = fmt.Sprintf("fob vault restore, which puts %s of %s with %d items in its place", path, when.Format(time.DateTime), len(doc.items))
	return true
}

// copied reports whether the backup copy holds the same content as the file.
func (f *File) copied() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	doc, _, err := readBackup(f.path+backupSuffix, f.key)
	return err == nil && doc.vault == f.doc.vault && sameItems(doc.items, f.doc.items)
}

func readBackup(path string, k *key) (document, time.Time, error) {
	info, err := os.Stat(path)
	if err != nil {
		return document{}, time.Time{}, err
	}
	raw, err := atomicfile.Read(path)
	if err != nil {
		return document{}, time.Time{}, err
	}
	doc, err := k.open(raw)
	return doc, info.ModTime(), err
}

// Restored is the result of [Restore].
type Restored struct {
	Path       string `json:"path"`
	From       string `json:"from"`
	Kept       string `json:"kept,omitempty"` // the new name of the file that was replaced
	Items      int    `json:"items"`
	Generation uint64 `json:"generation"`
}

// Restore replaces a file by its backup copy. A damaged file is kept under another name; an intact
// one becomes the backup copy, so that restoring again undoes it. The items get a generation higher
// than either had, so that agents which have seen the later one accept the file.
func Restore(ctx context.Context, path, lockDir string, identity fob.Secret) (Restored, error) {
	f, err := newFile(path, lockDir, identity, true)
	if err != nil {
		return Restored{}, err
	}
	release, err := f.lock(ctx)
	if err != nil {
		return Restored{}, err
	}
	defer release()

	from := f.path + backupSuffix
	doc, _, err := readBackup(from, f.key)
	if err != nil {
		return Restored{}, fob.Errorf(fob.ErrDamaged, "there is no good copy %s: %w", from, err).
			WithHint("put back a copy of %s from your backups", f.path)
	}
	done := Restored{Path: f.path, From: from, Items: len(doc.items)}
	f.mu.Lock()
	raw, bad := f.load()
	present := f.doc
	f.mu.Unlock()
	// The copy may be one generation behind the file, whose own generation may be unreadable.
	doc.generation = max(doc.generation+1, present.generation) + 1
	done.Generation = doc.generation
	switch {
	case bad == nil && present.vault != doc.vault:
		return Restored{}, fob.Errorf(fob.ErrConflict, "%s is a copy of another vault", from)
	case bad == nil:
		// Not renamed, so that the file is never missing.
		err = atomicfile.Replace(from, raw)
		done.Kept = from
	case errors.Is(bad, errNewer):
		return Restored{}, bad
	default:
		done.Kept, err = keepDamaged(f.path)
	}
	if err != nil {
		return Restored{}, fob.Errorf(fob.ErrInternal, "cannot keep %s: %w", f.path, err)
	}
	_, err = f.replace(f.key, doc)
	return done, err
}

// keepDamaged copies a damaged file to a name of its own.
func keepDamaged(path string) (string, error) {
	raw, err := atomicfile.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	to, err := atomicfile.FreeName(path, "damaged")
	if err != nil {
		return "", err
	}
	return to, atomicfile.Replace(to, raw)
}
