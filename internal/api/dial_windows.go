package api

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/windows"

	"fob/internal/fob"
)

// ErrNoAgent means that nobody listens on the pipe.
var ErrNoAgent = errors.New("no agent is running")

// asNobody (SECURITY_SQOS_PRESENT and SECURITY_ANONYMOUS) forbids whoever has the pipe to
// act as this user, which the system allows a server by default.
const asNobody = 0x00100000

// busyLimit bounds how long an agent's pipe may be busy.
const busyLimit = 5 * time.Second

// Dial connects to the agent's named pipe. Between one connection and the next the agent
// has no end of the pipe to offer, for a moment: that is waited for.
func Dial(path string) (io.ReadWriteCloser, error) {
	for deadline := time.Now().Add(busyLimit); ; time.Sleep(5 * time.Millisecond) {
		f, err := os.OpenFile(path, os.O_RDWR|asNobody, 0)
		switch {
		case err == nil:
			if err := checkOwner(f); err != nil {
				f.Close()
				return nil, fob.Errorf(fob.ErrInternal, "cannot trust the agent at %s: %w", path, err).WithHint("FOB_AGENT=off works without one")
			}
			return f, nil
		case errors.Is(err, os.ErrNotExist):
			return nil, ErrNoAgent
		case !errors.Is(err, windows.ERROR_PIPE_BUSY) || time.Now().After(deadline):
			return nil, fob.Errorf(fob.ErrInternal, "cannot reach the agent at %s: %w", path, err)
		}
	}
}

// checkOwner refuses a pipe that another user made: names of pipes are free to all. The
// agent makes this user its pipe's owner.
func checkOwner(pipe *os.File) error {
	sd, err := windows.GetSecurityInfo(windows.Handle(pipe.Fd()), windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return err
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return err
	}
	me, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return err
	}
	if owner == nil || !owner.Equals(me.User.Sid) {
		return errors.New("it belongs to another user")
	}
	return nil
}

// hasten does nothing here: an open pipe has no time limit.
func hasten(io.ReadWriteCloser, time.Duration) {}

// interrupt ends reads and writes in progress.
func interrupt(conn io.ReadWriteCloser) { _ = conn.Close() }
