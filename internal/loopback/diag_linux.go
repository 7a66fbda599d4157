package loopback

import (
	"encoding/binary"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// diagnose asks the kernel for the socket with these two addresses, and returns the user it belongs
// to; [errGone] if no process has such a socket. This takes microseconds, where reading
// /proc/net/tcp takes milliseconds. See sock_diag(7), struct inet_diag_req_v2 and inet_diag_msg.
func diagnose(local, remote netip.AddrPort) (uid int, err error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return 0, err
	}
	defer syscall.Close(fd)
	timeout := syscall.Timeval{Usec: 200_000}
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &timeout); err != nil {
		return 0, err
	}
	if err := syscall.Sendto(fd, question(local, remote), 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return 0, err
	}
	buf := make([]byte, 8<<10)
	n, _, err := syscall.Recvfrom(fd, buf, 0)
	if err != nil {
		return 0, err
	}
	return verdict(buf[:n], local, remote)
}

const (
	questionSize = 56
	answerSize   = 72
	stateListen  = 10
)

// question builds the netlink message that asks for one socket.
func question(local, remote netip.AddrPort) []byte {
	b := make([]byte, 0, syscall.NLMSG_HDRLEN+questionSize)
	b = binary.NativeEndian.AppendUint32(b, uint32(cap(b)))
	b = binary.NativeEndian.AppendUint16(b, unix.SOCK_DIAG_BY_FAMILY)
	b = binary.NativeEndian.AppendUint16(b, syscall.NLM_F_REQUEST)
	b = append(b, make([]byte, 8)...) // sequence number and sender
	family := byte(syscall.AF_INET)
	if local.Addr().Is6() {
		family = syscall.AF_INET6
	}
	b = append(b, family, syscall.IPPROTO_TCP, 0, 0)
	b = binary.NativeEndian.AppendUint32(b, 1<<32-1) // sockets in any state
	b = append(b, ends(local, remote)...)
	b = append(b, make([]byte, 4)...) // on any network device
	return append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
}

// ends appends the two ports and addresses, in the layout that both messages share.
func ends(local, remote netip.AddrPort) []byte {
	b := binary.BigEndian.AppendUint16(nil, local.Port())
	b = binary.BigEndian.AppendUint16(b, remote.Port())
	for _, a := range []netip.Addr{local.Addr(), remote.Addr()} {
		var room [16]byte
		copy(room[:], a.AsSlice())
		b = append(b, room[:]...)
	}
	return b
}

// verdict parses the kernel's answer.
func verdict(data []byte, local, remote netip.AddrPort) (uid int, err error) {
	messages, err := syscall.ParseNetlinkMessage(data)
	if err != nil || len(messages) == 0 {
		return 0, ErrUnknown
	}
	m := messages[0]
	if m.Header.Type == syscall.NLMSG_ERROR && len(m.Data) >= 4 {
		if errno := syscall.Errno(-int32(binary.NativeEndian.Uint32(m.Data))); errno == syscall.ENOENT {
			return 0, errGone
		}
	}
	if m.Header.Type != unix.SOCK_DIAG_BY_FAMILY || len(m.Data) < answerSize {
		return 0, ErrUnknown
	}
	// Layout: family, state, timer, retransmits, addresses, device, cookie, then five numbers of
	// which the last two are user and inode.
	ports := ends(local, remote)[:4]
	if m.Data[1] == stateListen || string(m.Data[4:8]) != string(ports) || binary.NativeEndian.Uint32(m.Data[68:]) == 0 {
		return 0, errGone
	}
	return int(binary.NativeEndian.Uint32(m.Data[64:])), nil
}
