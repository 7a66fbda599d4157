//go:build unix

package api

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"fob/internal/fob"
)

// maxSocketPath is the length that fits into sockaddr_un everywhere: 104 bytes on the BSDs and
// macOS, 108 on Linux, with the final NUL.
const maxSocketPath = 103

// ErrNoAgent means that nobody listens on the socket.
var ErrNoAgent = errors.New("no agent is running")

// Dial connects to the agent's socket with plain system calls: the net package would start its
// poller in every fob credentials (ADR 1).
func Dial(path string) (io.ReadWriteCloser, error) {
	address, done, err := SocketAddress(path)
	if err != nil {
		return nil, err
	}
	defer done()
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, forbidden(err, path)
	}
	syscall.CloseOnExec(fd)
	for {
		err = syscall.Connect(fd, &syscall.SockaddrUnix{Name: address})
		if err != syscall.EINTR {
			break
		}
	}
	if err == nil {
		err = checkPeer(fd, path)
	}
	if err != nil {
		syscall.Close(fd)
		if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
			return nil, ErrNoAgent
		}
		var own *fob.Error
		if errors.As(err, &own) {
			return nil, err
		}
		if errors.Is(err, syscall.EPERM) {
			return nil, forbidden(err, path)
		}
		return nil, fob.Errorf(fob.ErrInternal, "cannot reach the agent at %s: %w", path, err).
			WithHint("check FOB_HOME, and the owner of %s", filepath.Dir(path))
	}
	return os.NewFile(uintptr(fd), path), nil
}

// forbidden is the error for a system call that a sandbox refuses (seccomp, Landlock,
// Seatbelt); file permissions refuse with EACCES.
func forbidden(err error, path string) error {
	return fob.Errorf(fob.ErrInternal, "a sandbox forbids this program to reach fob's agent at %s: %w", path, err).
		WithHint("allow unix sockets in the sandbox, and this one; or run this outside of it")
}

// hasten limits the time of each wait on a connection.
func hasten(conn io.ReadWriteCloser, limit time.Duration) {
	if f, ok := conn.(*os.File); ok {
		wait := syscall.NsecToTimeval(int64(limit))
		_ = syscall.SetsockoptTimeval(int(f.Fd()), syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &wait)
		_ = syscall.SetsockoptTimeval(int(f.Fd()), syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &wait)
	}
}

// interrupt ends reads and writes in progress, which closing a file does not.
func interrupt(conn io.ReadWriteCloser) {
	if f, ok := conn.(*os.File); ok {
		_ = syscall.Shutdown(int(f.Fd()), syscall.SHUT_RDWR)
		return
	}
	_ = conn.Close()
}

// SocketAddress returns a name for path that fits into a socket address. A path that is too long is
// reached through an open directory in /proc, if the system has that. Call done when the address is
// no longer needed.
func SocketAddress(path string) (address string, done func(), err error) {
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	const procDir = "/proc/self/fd/"
	if _, err := os.Stat(procDir); err != nil {
		return "", nil, fob.Errorf(fob.ErrUsage, "the socket's path %s has %d bytes, and the system allows %d", path, len(path), maxSocketPath).
			WithHint("export FOB_HOME=SHORTER-DIRECTORY")
	}
	fd, err := syscall.Open(filepath.Dir(path), syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if errors.Is(err, syscall.ENOENT) {
		return "", nil, ErrNoAgent
	}
	if err != nil {
		return "", nil, fob.Errorf(fob.ErrInternal, "cannot open %s: %w", filepath.Dir(path), err)
	}
	return procDir + strconv.Itoa(fd) + "/" + filepath.Base(path), func() { syscall.Close(fd) }, nil
}
