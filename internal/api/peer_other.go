//go:build unix && !linux

package api

import (
	"os"
	"syscall"

	"fob/internal/fob"
)

// checkPeer refuses a socket that another user made: that process would receive our requests, and
// could answer with its own credentials.
func checkPeer(_ int, path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Getuid() {
		return fob.Errorf(fob.ErrInternal, "the socket %s belongs to another user", path).
			WithHint("remove it, or set FOB_HOME to a directory of your own")
	}
	return nil
}
