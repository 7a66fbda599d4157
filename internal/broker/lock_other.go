//go:build unix && !linux

package broker

import "golang.org/x/sys/unix"

// lockCommand locks for the process, which is why the file is opened once and
// stays open.
const lockCommand = unix.F_SETLK
