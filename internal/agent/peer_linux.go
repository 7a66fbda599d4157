package agent

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"fob/internal/fob"
)

func peerOf(socket int) (fob.Caller, error) {
	cred, err := unix.GetsockoptUcred(socket, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return fob.Caller{}, err
	}
	return fob.Caller{PID: int(cred.Pid), UID: int(cred.Uid), Exe: exeOf(int(cred.Pid))}, nil
}

// exeOf returns a process's program file; empty if it has ended or belongs to another user.
func exeOf(pid int) string {
	exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return exe
}

// parentOf returns the parent of a process; empty if it cannot be found.
func parentOf(pid int) fob.Caller {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return fob.Caller{}
	}
	// PID (NAME) STATE PPID …, where NAME may contain anything (proc_pid_stat(5)).
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 2 {
		return fob.Caller{}
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil || parent <= 1 {
		return fob.Caller{} // the parent has ended
	}
	return fob.Caller{PID: parent, UID: os.Getuid(), Exe: exeOf(parent)}
}
