package cli

import (
	"os"

	"golang.org/x/term"
)

// silence does nothing: a console shows what is typed only while a line is read.
func silence(*os.File) (restore func(), err error) { return func() {}, nil }

// readHidden reads a line that does not show.
func readHidden(tty *os.File) ([]byte, error) { return term.ReadPassword(int(tty.Fd())) }
