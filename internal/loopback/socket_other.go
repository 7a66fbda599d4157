//go:build !linux

package loopback

import (
	"errors"
	"syscall"
)

func near(string, string, syscall.RawConn) error { return nil }

// loopbackOnly returns an error: only Linux can bind a socket to the loopback device.
func loopbackOnly(string, string, syscall.RawConn) error { return errors.ErrUnsupported }
