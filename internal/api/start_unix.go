//go:build unix

package api

import "syscall"

const exeSuffix = ""

// detached starts the agent in a new session, so that closing the terminal does not end it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
