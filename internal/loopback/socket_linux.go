package loopback

import "syscall"

// near gives what is sent a life of one hop: answers are for this machine, or for
// what shares its network.
func near(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_TTL, 1)
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_UNICAST_HOPS, 1)
	})
}

// loopbackOnly also ties the socket to the loopback device: Linux takes what comes
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
