//go:build unix

package terminal

import (
	"os"

	"golang.org/x/sys/unix"
)

// Foreground reports whether this process is in the terminal's foreground process group,
// so that it may read from it.
func Foreground(tty *os.File) bool {
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// Open opens the controlling terminal, whatever the standard streams are. Both files are
// the same here.
func Open() (in, out *os.File, err error) {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	return f, f, nil
}
