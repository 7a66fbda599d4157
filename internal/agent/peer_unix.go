//go:build unix

package agent

import (
	"errors"
	"fmt"
	"net"
	"os"

	"fob/internal/fob"
)

// peer returns the process at the other end, as the kernel reports it, and refuses other users.
func peer(c net.Conn) (fob.Caller, error) {
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return fob.Caller{}, err
	}
	var caller fob.Caller
	var asked error
	if err := raw.Control(func(fd uintptr) { caller, asked = peerOf(int(fd)) }); errors.Join(err, asked) != nil {
		return fob.Caller{}, errors.Join(err, asked)
	}
	if caller.UID != os.Getuid() {
		return fob.Caller{}, fmt.Errorf("user %d is not the agent's", caller.UID)
	}
	return caller, nil
}
