package endpoint

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// said is the last message about a principal.
type said struct{ text atomic.Pointer[string] }

func (s *said) Store(text string) { s.text.Store(&text) }

func (s *said) Swap(text string) (old string) {
	if p := s.text.Swap(&text); p != nil {
		return *p
	}
	return ""
}

// writeTokens writes each principal's token to a file of its own, for this user
// alone and without a line's end, which botocore and Go's SDK would refuse. remove
// removes them. --token-file is a file for one principal, a folder for several.
func writeTokens(t fob.Task, all []*item) (remove func(), err error) {
	dir, made := t.Option("token-file"), false
	if dir == "" || len(all) > 1 {
		if dir == "" {
			dir = filepath.Join(t.RunDir, "serve", strconv.Itoa(os.Getpid()))
			sweep(filepath.Dir(dir))
		}
		_, err := os.Lstat(dir)
		made = errors.Is(err, fs.ErrNotExist)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, cannotWrite(err)
		}
	}
	remove = func() {
		for _, i := range all {
			if i.tokenFile != "" && atomicfile.Same(i.tokenFile, []byte(i.token.Reveal())) == nil {
				_ = os.Remove(i.tokenFile)
			}
		}
		if made {
			_ = os.Remove(dir)
		}
	}
	for _, i := range all {
		path := dir
		if len(all) > 1 || t.Option("token-file") == "" {
			path = filepath.Join(dir, url.PathEscape(i.name))
		}
		if path, err = filepath.Abs(path); err == nil {
			err = replaceable(path)
		}
		if err == nil {
			err = atomicfile.Replace(path, []byte(i.token.Reveal()))
		}
		if err != nil {
			remove()
			return nil, cannotWrite(err)
		}
		i.tokenFile = path
	}
	return remove, nil
}

func cannotWrite(err error) error {
	return fob.Errorf(fob.ErrUsage, "cannot write the token: %w", err).WithHint("--token-file PATH")
}

// replaceable refuses to write a token over what is none: a file that is there and
// neither empty nor as long as a token.
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

// sweep removes what servers left behind that were killed.
func sweep(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
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
}
