package awsfile

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

const (
	// attempts bounds how often an edit is made again because another program,
	// which does not take our lock, has changed the file meanwhile.
	attempts = 5
	// lockDelay is how often a lock that others hold is tried. flock(2) can
	// wait by itself, but then a context cannot end the wait.
	lockDelay = 4 * time.Millisecond
)

// Limit is the size of the largest file that is read or written, in bytes. Ten thousand
// profiles take two MiB.
const Limit = 16 << 20

// Read reads a file. A file that does not exist is an empty one, as for every
// SDK, and so is the null device. The error is [fob.ErrUsage] for what is no regular
// file, and for UTF-16.
func Read(kind Kind, path string) (*File, error) {
	return ReadWith(new(atomicfile.Reader), kind, path)
}

// ReadWith is [Read] with a reader that knows which paths hang.
func ReadWith(r *atomicfile.Reader, kind Kind, path string) (*File, error) {
	data, _, err := r.Read(path, Limit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, failed("read", path, err)
	}
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	return Parse(kind, data), nil
}

// Update edits a file on disk. In every case the file has its old content or the new one. After an
// error it has the old one, except for the error that the directory could not be synced.
//
// A lock in lockDir excludes other fob processes. Other programs take no such lock; if the content
// has changed since it was read, edit is called again with the new content, so it must depend on
// its argument only. After some attempts the error is [fob.ErrConflict]. Nothing is written if edit
// changes nothing or returns an error.
//
// Symbolic links stay, and their target is edited. Mode, owner and extended attributes are
// preserved. New files and directories are accessible to this user only. A read-only file, another
// user's file and a dangling link are refused.
func Update(ctx context.Context, kind Kind, path, lockDir string, edit func(*File) error) error {
	target, err := resolve(path)
	if err != nil {
		return err
	}
	unlock, err := lock(ctx, target, lockDir)
	if err != nil {
		return err
	}
	defer unlock()
	sweep(target)
	for range attempts {
		old, err := take(target)
		if err != nil {
			return err
		}
		f := Parse(kind, old.data)
		if err := edit(f); err != nil {
			return err
		}
		data := f.Bytes()
		if bytes.Equal(data, old.data) {
			return nil
		}
		if len(data) > Limit {
			return fob.Errorf(fob.ErrUsage, "%s would be larger than %d MiB", path, Limit>>20)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := old.replace(data); !errors.Is(err, errChanged) {
			return err
		}
	}
	return fob.Errorf(fob.ErrConflict, "another program keeps changing %s", path).WithHint("try again")
}

// errChanged means that the file has changed since the snapshot was read.
var errChanged = errors.New("changed meanwhile")

// snapshot is a file as it was read.
type snapshot struct {
	path string
	data []byte
	info fs.FileInfo // nil: there was none
}

// take reads a file that will be replaced. Its info belongs to the file that was read, even if
// another one has its name now.
func take(path string) (snapshot, error) {
	data, info, err := new(atomicfile.Reader).Read(path, Limit)
	if errors.Is(err, fs.ErrNotExist) {
		return snapshot{path: path}, nil
	}
	if err != nil {
		return snapshot{}, failed("read", path, err)
	}
	if err := checkText(path, data); err != nil {
		return snapshot{}, err
	}
	switch {
	case !info.Mode().IsRegular():
		return snapshot{}, fob.Errorf(fob.ErrUsage, "%s is the null device: nothing can be kept there", path).
			WithHint("unset AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, or name files")
	case !ours(info):
		return snapshot{}, fob.Errorf(fob.ErrUsage, "%s belongs to another user", path).
			WithHint("chown %s, or name a file of your own", path)
	case info.Mode().Perm()&0o200 == 0:
		return snapshot{}, fob.Errorf(fob.ErrUsage, "%s is read-only", path).WithHint("chmod u+w %s", path)
	}
	return snapshot{path, data, info}, nil
}

// current reports whether the file is unchanged since it was read.
func (s snapshot) current() (bool, error) {
	data, _, err := new(atomicfile.Reader).Read(s.path, Limit)
	if errors.Is(err, fs.ErrNotExist) {
		return s.info == nil, nil
	}
	if err != nil {
		return false, failed("read", s.path, err)
	}
	return s.info != nil && sha256.Sum256(data) == sha256.Sum256(s.data), nil
}

// replace writes a temporary file and renames it to the path if the file has not changed. Between
// that comparison and the rename another program may still write; no portable system call prevents
// that.
func (s snapshot) replace(data []byte) error {
	dir := filepath.Dir(s.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return failed("make", dir, err)
	}
	// Created with O_EXCL, a random name and mode 0600.
	tmp, err := os.CreateTemp(dir, aside(s.path)+"*")
	if err != nil {
		return failed("write", s.path, err)
	}
	err = s.fill(tmp, data)
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return failed("write", s.path, err)
	}
	same, err := s.current()
	if err == nil && !same {
		err = errChanged
	}
	if err == nil {
		if err = os.Rename(tmp.Name(), s.path); err != nil {
			err = failed("write", s.path, err)
		}
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return err
	}
	if err := syncDir(dir); err != nil {
		return failed("write to disk for certain", s.path, err)
	}
	return nil
}

// aside returns the beginning of the names of a file's temporary files.
func aside(path string) string { return "." + filepath.Base(path) + ".fob-" }

// sweep deletes temporary files that a killed writer left, because they may contain secrets. The
// caller holds the lock, so no writer is using them.
func sweep(path string) {
	dir := filepath.Dir(path)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), aside(path)) && e.Type().IsRegular() {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// fill gives the temporary file its content and the attributes of the original.
func (s snapshot) fill(tmp *os.File, data []byte) error {
	if _, err := tmp.Write(data); err != nil {
		return err
	}
	if s.info != nil {
		if err := keep(tmp, s.path, s.info); err != nil {
			return err
		}
	}
	return tmp.Sync()
}

// lock takes the lock of a file. The lock file is another file and is never renamed or deleted: a
// lock on a file that has lost its name would exclude nobody.
func lock(ctx context.Context, target, dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, failed("make", dir, err)
	}
	sum := sha256.Sum256([]byte(target))
	l := atomicfile.Lock(filepath.Join(dir, "awsfile-"+hex.EncodeToString(sum[:12])+".lock"))
	if _, err := l.TryLockContext(ctx, lockDelay); err != nil {
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return nil, fob.Errorf(fob.ErrConflict, "another fob is writing %s: %w", target, err)
		case ctx.Err() != nil:
			return nil, err
		}
		return nil, failed("lock", l.Path(), err)
	}
	// If this fails, the lock ends with the process.
	return func() { _ = l.Unlock() }, nil
}

// resolve follows all symlinks of a path. The file, and directories above it,
// may be missing, but not what a link points to.
func resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", failed("find", path, err)
	}
	target, err := filepath.EvalSymlinks(abs)
	if err == nil {
		return target, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", failed("find", path, err)
	}
	// Nothing but a link: a file seen here was made since the look above.
	if at, err := os.Lstat(abs); err == nil && at.Mode()&fs.ModeSymlink != 0 {
		return "", fob.Errorf(fob.ErrUsage, "%s is a link to something that does not exist", path).
			WithHint("make what it points to, or remove the link")
	}
	dir, name := filepath.Split(abs)
	parent, err := resolve(filepath.Clean(dir))
	return filepath.Join(parent, name), err
}

// Unreadable is the error for a file that could not be read.
func Unreadable(path string, err error) error { return failed("read", path, err) }

// failed adds the path to a system error.
func failed(what, path string, err error) error {
	var at *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &at):
		err = at.Err
	case errors.As(err, &link):
		err = link.Err
	}
	kind := fob.ErrInternal
	if errors.Is(err, atomicfile.ErrIrregular) {
		kind = fob.ErrUsage
	}
	return fob.Errorf(kind, "cannot %s %s: %w", what, path, err)
}
