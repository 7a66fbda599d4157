// Package atomicfile replaces small private files as a whole: whoever reads,
// and whatever is killed when, finds the old content or the new one. It reads
// files that may be anything: [Reader] neither waits for ever nor reads without end.
//
// github.com/google/renameio/v2 does the same on Unix but builds there alone,
// and neither reads back what it wrote nor syncs the directory.
package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Resolve follows the symbolic links of a path, so that replacing a file does
// not replace a link to it. A path that does not exist yet is returned as it is.
func Resolve(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		// Nothing but a link: a file seen here was made since the look above.
		if at, e := os.Lstat(path); e == nil && at.Mode()&fs.ModeSymlink != 0 {
			return "", fmt.Errorf("%s is a symbolic link to nothing", path)
		}
		return path, nil
	}
	return real, err
}

// Place is where a file is, or will be: its directory, which must exist, and the
// file's own name with their symbolic links followed.
func Place(path string) (string, error) {
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	return Resolve(filepath.Join(dir, filepath.Base(path)))
}

// Replace gives path the content data: written aside, synced, read back,
// renamed into place, the directory synced, and read back again. After an error
// the old content is there; only if the directory cannot be synced, or the last
// reading fails, may it be the new.
func Replace(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, tempName(path)+"*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name()) // fails once it was renamed
		}
	}()
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err = Same(tmp.Name(), data); err != nil {
		return err
	}
	if err = rename(tmp.Name(), path); err != nil {
		return err
	}
	if err = syncDir(dir); err != nil {
		return err
	}
	return Same(path, data)
}

// Same checks that a file holds exactly data.
func Same(path string, data []byte) error {
	have, err := Read(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, data) {
		return fmt.Errorf("%s reads back differently than it was written", path)
	}
	return nil
}

// Clean removes what killed writers of path left aside. The caller holds the
// lock that all of them take.
func Clean(path string) {
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempName(path)) && e.Type().IsRegular() {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// FreeName returns the first of path.suffix-1, path.suffix-2, … that is free.
func FreeName(path, suffix string) (string, error) {
	for n := 1; ; n++ {
		to := path + "." + suffix + "-" + strconv.Itoa(n)
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			return to, nil
		} else if err != nil {
			return "", err
		}
	}
}

// SetAside renames path to the first free name and returns that, or "" if there
// is nothing at path.
func SetAside(path, suffix string) (string, error) {
	to, err := FreeName(path, suffix)
	if err != nil {
		return "", err
	}
	err = rename(path, to)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return to, syncDir(filepath.Dir(path))
}

// Remove removes a file for good; one that is not there is no error.
func Remove(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, syncDir(filepath.Dir(path)))
}

// tempName is how the names of files aside of path begin.
func tempName(path string) string { return "." + filepath.Base(path) + ".tmp-" }
