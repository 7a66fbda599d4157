//go:build unix

package api

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"fob/internal/fob"
)

// Announce records that an agent of a home runs, where it listens and in which mount
// namespace, until the result is closed or the process ends. A front end in a sandbox, in
// which the agent's socket is not to be seen, knows by it that there is one (ADR 22). It
// returns nil if another agent has announced itself, or nothing can be recorded.
func Announce(home fob.Home) io.Closer {
	f, err := os.OpenFile(home.Running(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil
	}
	// A lock of the process: looking for it takes none, and it goes with the process.
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK}); err == nil {
		if err = f.Truncate(0); err == nil {
			_, err = f.WriteString(home.Socket() + "\n" + mountNamespace() + "\n")
		}
		if err == nil {
			return f
		}
	}
	f.Close()
	return nil
}

// mountNamespace is the identity of what this process sees of the file system; empty
// where the system has no such thing.
func mountNamespace() string {
	name, _ := os.Readlink("/proc/self/ns/mnt")
	return name
}

// checkSandbox refuses to start an agent where a sandbox hides the one that runs, or the
// network. A second agent would ask for the passphrase and for sign-ins once more, and one
// without a network would fail for all who find it later.
func checkSandbox(home fob.Home) error {
	if socket := hiddenSocket(home); socket != "" {
		return fob.Errorf(fob.ErrInternal, "a sandbox hides fob's agent from this program: it runs, and its socket %s is not to be seen here", socket).
			WithHint("make %s visible in the sandbox, and allow unix sockets; or run this outside of it", filepath.Dir(socket))
	}
	if withoutNetwork() {
		return fob.Errorf(fob.ErrInternal, "no agent of fob runs, and this sandbox has no network, so none is started in it").
			WithHint("start one outside, with any fob command such as fob list; its socket %s must be visible here", home.Socket())
	}
	return nil
}

// hiddenSocket is the socket of a running agent that another mount namespace has and this
// one has not; empty if there is no such agent.
func hiddenSocket(home fob.Home) string {
	f, err := os.OpenFile(home.Running(), os.O_RDONLY|syscall.O_NONBLOCK, 0) // a FIFO in its place must not hang
	if err != nil {
		return ""
	}
	defer f.Close()
	lock := syscall.Flock_t{Type: syscall.F_WRLCK}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil || lock.Type == syscall.F_UNLCK {
		return "" // its agent has ended
	}
	text, err := io.ReadAll(io.LimitReader(f, 64<<10))
	socket, namespace, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if err != nil || socket == "" || namespace == mountNamespace() {
		return ""
	}
	if conn, err := Dial(socket); err == nil {
		conn.Close()
		return "" // to be seen, only not by what this environment says
	}
	return socket
}

// withoutNetwork reports whether this is a sandbox as programs without privileges make
// them, with one user in it, which has no network device but loopback. A machine that is
// offline has others, and a container without a network has more users.
func withoutNetwork() bool {
	users, err := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(users))
	if err != nil || len(fields) != 3 || fields[2] != "1" {
		return false
	}
	devices, err := os.ReadFile("/proc/self/net/dev")
	lines := strings.Split(strings.TrimSpace(string(devices)), "\n")
	return err == nil && len(lines) == 3 && strings.HasPrefix(strings.TrimSpace(lines[2]), "lo:")
}
