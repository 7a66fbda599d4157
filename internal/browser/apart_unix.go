//go:build unix

package browser

import "syscall"

// apart puts a program in a session of its own: neither Ctrl-C here nor the end of
// the terminal ends it.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
