//go:build unix

package terminal

import (
	"os"

	"golang.org/x/sys/unix"
)

// silence turns a terminal's echo off until restore is called. term.ReadPassword is not
// used, because it turns echo off only when it reads, which is too late for a person who
// types as soon as the question appears, and it does not report Ctrl-D.
func silence(tty *os.File) (restore func(), err error) {
	fd := int(tty.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	quiet := *before
	quiet.Lflag &^= unix.ECHO
	quiet.Lflag |= unix.ICANON | unix.ISIG
	quiet.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(fd, setTermios, &quiet); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(fd, setTermios, before) }, nil
}

// readHidden reads a line from a terminal whose echo is off.
func readHidden(tty *os.File) ([]byte, error) { return readLine(tty) }
