//go:build unix

package agent

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// closeInherited closes what this process has open of whoever started fob, beyond the
// standard streams. An agent lives long: who waits for the end of a pipe that it holds,
// as build tools and editors do for their children's, would wait for the agent. What is
// inherited has no close-on-exec flag, and all that Go itself opens has one.
func closeInherited() {
	for _, fd := range openFiles() {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); fd > 2 && err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}

// openFiles returns the descriptors that are open, or where the system does not list them
// the first ones.
func openFiles() (list []int) {
	entries, err := os.ReadDir("/dev/fd") // of the BSDs, and a link to /proc/self/fd on Linux
	if err != nil {
		for fd := range 1024 {
			list = append(list, fd)
		}
		return list
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil {
			list = append(list, fd)
		}
	}
	return list
}
