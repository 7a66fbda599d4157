//go:build unix

package agent

import (
	"errors"
	"net"
	"os"
	"sync"
	"syscall"

	"fob/internal/api"
	"fob/internal/fob"
)

func setUmask() { syscall.Umask(0o077) }

// listen makes the socket. The caller holds the lock, so an existing socket was left by a dead
// agent.
func listen(path string) (net.Listener, error) {
	address, done, err := api.SocketAddress(path)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := os.Remove(address); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fob.Errorf(fob.ErrInternal, "cannot remove the old socket: %w", err)
	}
	old := syscall.Umask(0o177)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: address, Net: "unix"})
	syscall.Umask(old)
	if err != nil {
		return nil, fob.Errorf(fob.ErrInternal, "cannot listen at %s: %w", path, err)
	}
	l.SetUnlinkOnClose(false)
	return &removing{UnixListener: l, path: path}, nil
}

// removing removes the socket by its real path, since the address may have been one in /proc. It
// does so before Accept returns, and before Close does: later the socket could be that of the next
// agent.
type removing struct {
	*net.UnixListener
	path string
	once sync.Once
	err  error
}

func (r *removing) Close() error {
	r.once.Do(func() {
		os.Remove(r.path)
		r.err = r.UnixListener.Close()
	})
	return r.err
}

// checkPrivate refuses a directory that other users can access.
func checkPrivate(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot use %s: %w", dir, err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return fob.Errorf(fob.ErrInternal, "%s is not a directory but a link or a file", dir).WithHint("remove it")
	case !ok || int(st.Uid) != os.Getuid():
		return fob.Errorf(fob.ErrInternal, "%s belongs to another user", dir).WithHint("remove it, or set FOB_HOME to a directory of your own")
	case info.Mode().Perm()&0o077 != 0:
		return fob.Errorf(fob.ErrInternal, "%s is open to other users (mode %04o)", dir, info.Mode().Perm()).WithHint("chmod 700 %s", dir)
	}
	return nil
}
