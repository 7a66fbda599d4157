package terminal

import (
	"os"

	"golang.org/x/term"
)

// silence hides nothing yet: a console shows what is typed only while a line is read.
// What it keeps is for a read that goes on when the question is over (Ctrl-C), and
// with it the hiding.
func silence(tty *os.File) (restore func(), err error) {
	fd := int(tty.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	return func() { _ = term.Restore(fd, before) }, nil
}

// readHidden reads a line that does not show.
func readHidden(tty *os.File) ([]byte, error) { return term.ReadPassword(int(tty.Fd())) }
