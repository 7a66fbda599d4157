package agent

import "golang.org/x/sys/unix"

// harden keeps debuggers away and this process's memory out of core files.
func harden() error {
	_ = unix.PtraceDenyAttach() // a debugger may hold us already
	return noCore()
}
