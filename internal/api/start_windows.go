package api

import "syscall"

const exeSuffix = ".exe"

// detached starts the agent without a console and in a new process group, so that closing the
// terminal does not end it.
func detached() *syscall.SysProcAttr {
	const createNoWindow, newProcessGroup = 0x08000000, 0x00000200
	return &syscall.SysProcAttr{HideWindow: true, CreationFlags: createNoWindow | newProcessGroup}
}
