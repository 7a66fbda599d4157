//go:build unix

package cli

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// apart puts a program in a session of its own: neither Ctrl-C here nor the end of
// the terminal ends it.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// foreground reports whether this process's job has a terminal.
func foreground(tty *os.File) bool {
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

func openTerminal() (in, out *os.File, err error) {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	return f, f, nil
}
