package loopback

import "syscall"

// near sets the time to live of outgoing packets to one hop: answers reach only this machine, or
// containers that share its network.
func near(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_TTL, 1)
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_UNICAST_HOPS, 1)
	})
}

// loopbackOnly also binds the socket to the loopback device. Without that, Linux accepts packets
// for any of its addresses at any of its devices.
func loopbackOnly(network, address string, c syscall.RawConn) error {
	err := near(network, address, c)
	if controlErr := c.Control(func(fd uintptr) {
		err = syscall.SetsockoptString(int(fd), syscall.SOL_SOCKET, syscall.SO_BINDTODEVICE, "lo")
	}); err == nil {
		err = controlErr
	}
	return err
}
