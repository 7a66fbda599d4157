package agent

import "golang.org/x/sys/unix"

// harden prevents debuggers from attaching, and core files.
func harden() error {
	_ = unix.PtraceDenyAttach() // fails if a debugger is attached already
	return noCore()
}
