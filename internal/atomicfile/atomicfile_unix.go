//go:build !windows

package atomicfile

import (
	"errors"
	"os"
	"syscall"
)

// nonBlocking: opening a FIFO must not wait for its other end.
const nonBlocking = syscall.O_NONBLOCK

// leased reports whether a file could not be opened without waiting, because another
// program holds a lease on it (fcntl(2), F_SETLEASE).
func leased(err error) bool { return errors.Is(err, syscall.EWOULDBLOCK) }

func rename(from, to string) error { return os.Rename(from, to) }

// syncDir makes a rename last. Some file systems cannot sync a directory.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// Private reports whether a file's mode keeps other users out.
func Private(info os.FileInfo) bool { return info.Mode().Perm()&0o077 == 0 }
