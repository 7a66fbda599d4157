package loopback

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"
)

var errGone = errors.New("the connection's other end is not a socket of this machine")

// peerUID returns the user at the other end of a connection.
func peerUID(c net.Conn) (int, error) {
	switch c := c.(type) {
	case *net.UnixConn:
		return unixPeer(c)
	case *net.TCPConn:
		local, remote := c.LocalAddr().(*net.TCPAddr).AddrPort(), c.RemoteAddr().(*net.TCPAddr).AddrPort()
		local, remote = netip.AddrPortFrom(local.Addr().Unmap(), local.Port()), netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
		if uid, err := diagnose(remote, local); err == nil || errors.Is(err, errGone) {
			return uid, err
		}
		for try := 0; ; try++ { // used if the kernel or a sandbox refuses the netlink request
			tables, err := socketTables()
			if err != nil {
				return 0, ErrUnknown
			}
			if uid, ok := owner(tables, remote, local); ok {
				return uid, nil
			}
			// The table is read in pieces and may have changed between two of them.
			if try == 2 {
				return 0, errGone
			}
			time.Sleep(time.Millisecond)
		}
	}
	return 0, ErrUnknown
}

// KnowsUsers reports whether this system tells which user opened a TCP connection.
func KnowsUsers() bool {
	nowhere := netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	if _, err := diagnose(nowhere, nowhere); errors.Is(err, errGone) {
		return true
	}
	_, err := socketTables()
	return err == nil
}

func unixPeer(c *net.UnixConn) (uid int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *syscall.Ucred
	controlErr := raw.Control(func(fd uintptr) {
		cred, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err = errors.Join(err, controlErr); err != nil {
		return 0, err
	}
	return int(cred.Uid), nil
}

// socketTables reads the kernel's lists of TCP sockets, for IPv4 and IPv6.
func socketTables() (tables [][]byte, err error) {
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(name)
		if err != nil && (name == "/proc/net/tcp" || !errors.Is(err, os.ErrNotExist)) {
			return nil, err
		}
		tables = append(tables, text)
	}
	return tables, nil
}

// owner finds the socket with these two addresses and returns its user. For a socket that no
// process holds any more the kernel gives user 0, which does not count as root. Source:
// Documentation/networking/proc_net_tcp.rst.
func owner(tables [][]byte, local, remote netip.AddrPort) (uid int, ok bool) {
	// A dual-stack socket has its IPv4 addresses mapped to IPv6.
	ends := []string{endpoint(local) + " " + endpoint(remote), endpoint(mapped(local)) + " " + endpoint(mapped(remote))}
	for _, table := range tables {
		for line := range bytes.Lines(table) {
			// Columns: sl local remote state tx:rx tr:when retransmits uid timeout inode …
			f := bytes.Fields(line)
			if len(f) < 10 || string(f[9]) == "0" || !slices.Contains(ends, string(f[1])+" "+string(f[2])) {
				continue
			}
			if uid, err := strconv.ParseUint(string(f[7]), 10, 31); err == nil {
				return int(uid), true
			}
		}
	}
	return 0, false
}

func mapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(a.Addr().As16()), a.Port())
}

// endpoint writes an address as /proc/net/tcp does: 32-bit words in the machine's byte order.
func endpoint(a netip.AddrPort) string {
	addr := a.Addr().AsSlice()
	for i := 0; i+4 <= len(addr); i += 4 {
		binary.BigEndian.PutUint32(addr[i:], binary.NativeEndian.Uint32(addr[i:]))
	}
	return fmt.Sprintf("%s:%04X", bytes.ToUpper([]byte(hex.EncodeToString(addr))), a.Port())
}
