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

// Update edits a file on disk. Whatever happens, the file has its old content
// or its new one; that it is the old one is certain if an error is returned,
// but for the error that says that the directory could not be synced.
//
// A lock in lockDir keeps other writers of fob's away. Programs that do not
// know that lock are noticed: if the content has changed since it was read,
// edit is called again with the new one, so it must be a function of its
// argument; after some attempts the error is [fob.ErrConflict]. Nothing is
// written if edit changes nothing or returns an error.
//
// Symlinks stay, their target is edited. Mode, owner and extended attributes
// are kept; a new file is for this user alone, and so are directories made
// for it. A read-only file, another user's file and a dangling link are refused.
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

// errChanged says that a snapshot is not the file's content any more.
var errChanged = errors.New("changed meanwhile")

// snapshot is a file as it was read.
type snapshot struct {
	path string
	data []byte
	info fs.FileInfo // nil: there was none
}

// take reads a file that is to be replaced. Its info is of the file that was read, not
// of one that has taken its name since.
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

// current reports whether the file still is as it was read.
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

// replace writes new content aside, and puts it in the file's place if that
// has not changed. Between this comparison and the rename there is a moment
// that no lock of ours covers; no portable call closes it.
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

// aside begins the names of the files that are written beside a file.
func aside(path string) string { return "." + filepath.Base(path) + ".fob-" }

// sweep removes what a writer has left that was killed: it may hold secrets.
// We have the lock, so that nobody is writing there now.
func sweep(path string) {
	dir := filepath.Dir(path)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), aside(path)) && e.Type().IsRegular() {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// fill gives the file aside its content and the attributes of the original.
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

// lock takes the lock of a file. The lock's own file is not the one that is
// renamed over, and is never removed: a lock on a file that has lost its name
// keeps nobody out.
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

// failed names the path in an error of the machine's.
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
