//go:build unix

package frontend

import (
	"errors"
	"syscall"
)

// pipeIsClosed reports whether an error says that nobody reads a pipe any more.
func pipeIsClosed(err error) bool { return errors.Is(err, syscall.EPIPE) }
