//go:build linux

package keyring

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"fob/internal/fob"
)

// dialBus connects to the first bus of an address that belongs to this user or to root.
// The kernel says whose it is, and does so before anything is sent: anybody may listen at
// an abstract address, and would be sent the vault's identity.
func dialBus(ctx context.Context, address string) (net.Conn, error) {
	var failed []error
	for part := range strings.SplitSeq(address, ";") {
		name, err := socketOf(part)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		conn, err := new(net.Dialer).DialContext(ctx, "unix", name)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if err = trusted(conn.(*net.UnixConn)); err == nil {
			return conn, nil
		}
		_ = conn.Close()
		failed = append(failed, err)
	}
	return nil, errors.Join(failed...)
}

// socketOf returns the name of the socket in one address of a bus, an abstract one with
// an @ before it.
func socketOf(address string) (string, error) {
	for pair := range strings.SplitSeq(strings.TrimPrefix(address, "unix:"), ",") {
		key, value, _ := strings.Cut(pair, "=")
		if key != "path" && key != "abstract" {
			continue
		}
		name, err := dbus.UnescapeBusAddressValue(value)
		if err != nil {
			return "", err
		}
		if key == "abstract" {
			name = "@" + name
		}
		return name, nil
	}
	return "", fmt.Errorf("%s names no socket", address)
}

// trusted refuses a bus that another user than this one or root listens at.
func trusted(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var peer *unix.Ucred
	var asked error
	if err := raw.Control(func(fd uintptr) { peer, asked = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); errors.Join(err, asked) != nil {
		return errors.Join(err, asked)
	}
	if peer.Uid != 0 && int(peer.Uid) != os.Geteuid() {
		return fob.Errorf(fob.ErrLocked, "the session bus at %s belongs to another user (uid %d)", conn.RemoteAddr(), peer.Uid).
			WithHint("set DBUS_SESSION_BUS_ADDRESS to a bus of your own, or unset it; then fob unlock")
	}
	return nil
}
