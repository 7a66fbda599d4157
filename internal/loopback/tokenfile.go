package loopback

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// TokenDir returns a folder below dir for the token files of this process. It removes folders left
// by processes that were killed.
func TokenDir(dir string) string {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		p, err := os.FindProcess(pid)
		if err == nil && !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone) {
			continue
		}
		_ = os.RemoveAll(filepath.Join(dir, e.Name()))
	}
	return filepath.Join(dir, strconv.Itoa(os.Getpid()))
}

// MakeDir makes a folder for token files unless it exists. remove removes it, if MakeDir made it
// and it is empty.
func MakeDir(dir string) (remove func(), err error) {
	_, err = os.Lstat(dir)
	made := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, cannotWrite(err)
	}
	return func() {
		if made {
			_ = os.Remove(dir)
		}
	}, nil
}

// WriteFile writes the token to a file with mode 0600, without a newline, which botocore and Go's
// SDK would refuse. An existing file that does not look like a token is not replaced. It returns
// the absolute path; remove removes the file, if it still holds this token.
func (t Token) WriteFile(path string) (at string, remove func(), err error) {
	if at, err = filepath.Abs(path); err == nil {
		err = replaceable(at)
	}
	if err == nil {
		err = atomicfile.Replace(at, []byte(t.Reveal()))
	}
	if err != nil {
		return "", nil, cannotWrite(err)
	}
	return at, func() {
		if atomicfile.Same(at, []byte(t.Reveal())) == nil {
			_ = os.Remove(at)
		}
	}, nil
}

func cannotWrite(err error) error {
	return fob.Errorf(fob.ErrUsage, "cannot write the token: %w", err).WithHint("--token-file PATH")
}

// replaceable refuses to replace a file that is not a token file: one that is neither empty nor as
// long as a token.
func replaceable(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular() || info.Size() != 0 && info.Size() != tokenSize:
		return fob.Errorf(fob.ErrConflict, "%s is there, and is not a token", path)
	}
	return nil
}

const tokenSize = 43 // bytes
