package agent

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"fob/internal/fob"
)

func peerOf(socket int) (fob.Caller, error) {
	cred, err := unix.GetsockoptUcred(socket, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return fob.Caller{}, err
	}
	exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", cred.Pid)) // may have ended already
	return fob.Caller{PID: int(cred.Pid), UID: int(cred.Uid), Exe: exe}, nil
}
