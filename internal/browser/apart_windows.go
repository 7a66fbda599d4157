package browser

import "syscall"

// apart puts a program in a group of its own, which Ctrl-C here does not reach.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
