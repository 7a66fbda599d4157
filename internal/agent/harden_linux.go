package agent

import (
	"golang.org/x/sys/unix"

	"fob/internal/fob"
)

// harden prevents other programs of the same user from reading this process's memory (ptrace,
// /proc/PID/mem), and core files.
func harden() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot protect the agent's memory: %w", err)
	}
	return noCore()
}
