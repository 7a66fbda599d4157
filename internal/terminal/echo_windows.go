package terminal

import (
	"os"

	"golang.org/x/term"
)

// silence only saves the console's mode: a console echoes only while a line is read, and
// readHidden turns that off. restore is for a read that is still in progress when the
// question is over (Ctrl-C), and would leave echo off.
func silence(tty *os.File) (restore func(), err error) {
	fd := int(tty.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	return func() { _ = term.Restore(fd, before) }, nil
}

// readHidden reads a line without echo.
func readHidden(tty *os.File) ([]byte, error) { return term.ReadPassword(int(tty.Fd())) }
