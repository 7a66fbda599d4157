//go:build !linux

package loopback

import "net"

func peerUID(net.Conn) (int, error) { return 0, ErrUnknown }

// KnowsUsers reports whether this system tells which user opened a TCP connection.
func KnowsUsers() bool { return false }
