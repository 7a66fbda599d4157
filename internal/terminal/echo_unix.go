//go:build unix

package terminal

import (
	"os"

	"golang.org/x/sys/unix"
)

// silence makes a terminal show nothing of what is typed, until restore. It is
// for lines that readHidden reads: term.ReadPassword does both at once, too late
// for whoever types as soon as the question is there, and does not know the end
// of the input (Ctrl-D).
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

// readHidden reads a line from a silent terminal.
func readHidden(tty *os.File) ([]byte, error) { return readLine(tty) }
