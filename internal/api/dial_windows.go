package api

import (
	"errors"
	"io"
	"os"
	"time"

	"fob/internal/fob"
)

// ErrNoAgent says that nobody listens at the pipe.
var ErrNoAgent = errors.New("no agent is running")

// Dial connects to the agent's named pipe.
func Dial(path string) (io.ReadWriteCloser, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoAgent
	}
	if err != nil {
		return nil, fob.Errorf(fob.ErrInternal, "cannot reach the agent at %s: %w", path, err)
	}
	return f, nil
}

// hasten does nothing here: an open pipe has no time limit.
func hasten(io.ReadWriteCloser, time.Duration) {}

// interrupt ends reads and writes of a connection that are under way.
func interrupt(conn io.ReadWriteCloser) { _ = conn.Close() }
