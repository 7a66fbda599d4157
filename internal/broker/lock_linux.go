package broker

import "golang.org/x/sys/unix"

// lockCommand locks for the open file, not for the process: closing some other
// descriptor of the file does not release the lock.
const lockCommand = unix.F_OFD_SETLK
