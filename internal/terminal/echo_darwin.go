package terminal

import "golang.org/x/sys/unix"

// The calls that get and set a terminal's settings.
const getTermios, setTermios = unix.TIOCGETA, unix.TIOCSETA
