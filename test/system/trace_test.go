//go:build linux

package system

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The tracer kills an agent at the nth system call that changes files, counted over all of its
// threads. strace cannot do that: its when=N counts for each thread, and goroutines move between
// threads.
//
// The tracer is this test binary under the name fob-agent. The folder's fob is this test binary
// too: the real fob becomes the fob-agent beside it for most commands, so that the front end would
// be traced and not the agent.

const (
	traceReal   = "FOB_TEST_REAL"   // the agent to start
	traceAt     = "FOB_TEST_AT"     // 0: none is killed
	traceReport = "FOB_TEST_REPORT" // where to write the calls' names
)

// tracedBin makes that folder.
func tracedBin(t testing.TB) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fob", "fob-agent"} {
		to := filepath.Join(dir, name)
		if os.Link(self, to) == nil {
			continue
		}
		data, err := os.ReadFile(self)
		if err == nil {
			err = os.WriteFile(to, data, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// tracing returns the variables for w.cmd.
func tracing(at int, report string) []string {
	return []string{traceReal + "=" + filepath.Join(bin, "fob-agent"), traceAt + "=" + strconv.Itoa(at), traceReport + "=" + report,
		"GOMAXPROCS=1", "GOGC=off"}
}

// trace starts the agent and follows its system calls. It returns its exit code, 137 if it was
// killed.
func trace(args []string) int {
	real, at := os.Getenv(traceReal), os.Getenv(traceAt)
	if real == "" {
		real = "/proc/self/exe" // cannot be: tracing sets it
	}
	n, err := strconv.Atoi(at)
	if err != nil {
		fmt.Println("tracer:", traceAt, "is", at)
		return 1
	}
	runtime.LockOSThread()
	cmd := exec.Command(real, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		fmt.Println("tracer:", err)
		return 1
	}
	os.Stdin.Close()
	os.Stdout.Close()
	code, calls := follow(cmd.Process.Pid, n)
	if report := os.Getenv(traceReport); report != "" {
		_ = os.WriteFile(report, []byte(strings.Join(calls, "\n")), 0o600)
	}
	return code
}

func follow(pid, at int) (code int, calls []string) {
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, 0, nil); err != nil {
		return 1, nil
	}
	options := unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL
	if err := unix.PtraceSetOptions(pid, options); err != nil {
		return 1, nil
	}
	_ = unix.PtraceSyscall(pid, 0)
	for {
		tid, err := unix.Wait4(-1, &status, unix.WALL, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 1, calls
		case status.Exited() && tid == pid:
			return status.ExitStatus(), calls
		case status.Signaled() && tid == pid:
			return 128 + int(status.Signal()), calls
		case !status.Stopped():
			continue
		}
		signal := 0
		switch s := status.StopSignal(); {
		case s == unix.SIGTRAP|0x80:
			if name := changing(tid); name != "" {
				calls = append(calls, name)
				if len(calls) == at {
					_ = unix.Kill(pid, unix.SIGKILL)
					continue
				}
			}
		case s == unix.SIGTRAP, s == unix.SIGSTOP: // events, new threads
		default:
			signal = int(s)
		}
		_ = unix.PtraceSyscall(tid, signal)
	}
}

// changing returns the name of the system call that a thread is about to make, if it changes files,
// or "".
func changing(tid int) string {
	// struct ptrace_syscall_info of Linux 5.3, the same on every architecture.
	var info struct {
		op   uint8
		_    [3]uint8
		arch uint32
		ip   uint64
		sp   uint64
		nr   uint64
		args [6]uint64
		_    [2]uint64
	}
	const getSyscallInfo, entry = 0x420e, 1
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, getSyscallInfo, uintptr(tid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 || info.op != entry {
		return ""
	}
	if info.nr == unix.SYS_OPENAT && info.args[2]&unix.O_CREAT != 0 {
		return "openat"
	}
	return map[uint64]string{
		unix.SYS_WRITE: "write", unix.SYS_PWRITE64: "pwrite64", unix.SYS_FSYNC: "fsync", unix.SYS_FDATASYNC: "fdatasync",
		unix.SYS_FCHMOD: "fchmod", unix.SYS_FCHMODAT: "fchmodat", unix.SYS_FCHOWN: "fchown", unix.SYS_FTRUNCATE: "ftruncate",
		unix.SYS_RENAMEAT: "renameat", unix.SYS_RENAMEAT2: "renameat2", unix.SYS_UNLINKAT: "unlinkat", unix.SYS_MKDIRAT: "mkdirat",
		unix.SYS_LINKAT: "linkat", unix.SYS_SYMLINKAT: "symlinkat", unix.SYS_FSETXATTR: "fsetxattr",
	}[info.nr]
}
