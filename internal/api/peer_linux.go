package api

import (
	"os"
	"syscall"

	"fob/internal/fob"
)

// checkPeer refuses a socket on which another user listens: that process would receive our
// requests, and could answer with its own credentials.
func checkPeer(fd int, path string) error {
	peer, err := syscall.GetsockoptUcred(fd, syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	if err != nil {
		return err
	}
	if int(peer.Uid) != os.Getuid() {
		return fob.Errorf(fob.ErrInternal, "the socket %s belongs to user %d, not to you", path, peer.Uid).
			WithHint("remove it, or set FOB_HOME to a directory of your own")
	}
	return nil
}
