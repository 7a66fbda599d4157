//go:build unix

package broker

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func tryLock(f *os.File, offset int64) (bool, error) {
	err := unix.FcntlFlock(f.Fd(), lockCommand, &unix.Flock_t{Type: unix.F_WRLCK, Start: offset, Len: 1})
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EINTR) {
		return false, nil
	}
	return err == nil, err
}

func releaseLock(f *os.File, offset int64) error {
	return unix.FcntlFlock(f.Fd(), lockCommand, &unix.Flock_t{Type: unix.F_UNLCK, Start: offset, Len: 1})
}
