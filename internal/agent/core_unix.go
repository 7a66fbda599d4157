//go:build unix

package agent

import (
	"golang.org/x/sys/unix"

	"fob/internal/fob"
)

func noCore() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot forbid core files: %w", err)
	}
	return nil
}
