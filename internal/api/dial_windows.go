package api

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"fob/internal/fob"
)

// ErrNoAgent means that nobody listens on the pipe.
var ErrNoAgent = errors.New("no agent is running")

// errPipeBusy is ERROR_PIPE_BUSY: the agent lives, and is about to accept the next one.
const errPipeBusy = syscall.Errno(231)

// busyLimit bounds how long an agent's pipe may be busy.
const busyLimit = 5 * time.Second

// Dial connects to the agent's named pipe. Between one connection and the next the agent
// has no end of the pipe to offer, for a moment: that is waited for.
func Dial(path string) (io.ReadWriteCloser, error) {
	for deadline := time.Now().Add(busyLimit); ; time.Sleep(5 * time.Millisecond) {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, os.ErrNotExist):
			return nil, ErrNoAgent
		case !errors.Is(err, errPipeBusy) || time.Now().After(deadline):
			return nil, fob.Errorf(fob.ErrInternal, "cannot reach the agent at %s: %w", path, err)
		}
	}
}

// hasten does nothing here: an open pipe has no time limit.
func hasten(io.ReadWriteCloser, time.Duration) {}

// interrupt ends reads and writes in progress.
func interrupt(conn io.ReadWriteCloser) { _ = conn.Close() }
