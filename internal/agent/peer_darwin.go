package agent

import (
	"golang.org/x/sys/unix"

	"fob/internal/fob"
)

func peerOf(socket int) (fob.Caller, error) {
	cred, err := unix.GetsockoptXucred(socket, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return fob.Caller{}, err
	}
	return fob.Caller{UID: int(cred.Uid)}, nil
}

// parentOf returns nothing: the parent is not looked up on this system.
func parentOf(int) fob.Caller { return fob.Caller{} }
