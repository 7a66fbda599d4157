package agent

import (
	"golang.org/x/sys/unix"

	"fob/internal/fob"
)

// harden keeps this process's memory from other programs of the same user (no
// ptrace, no /proc/PID/mem) and out of core files.
func harden() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot protect the agent's memory: %w", err)
	}
	return noCore()
}
