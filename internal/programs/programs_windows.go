package programs

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// isolated starts a program without a window, in a job: it is ended together with what it
// has started. end is called after it has ended; what it has left behind runs on.
func isolated(cmd *exec.Cmd) (end func(), err error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.CREATE_NO_WINDOW}
	cmd.Cancel = func() error {
		_ = windows.TerminateJobObject(job, 1)
		return cmd.Process.Kill() // it may not be in the job yet
	}
	if err := cmd.Start(); err != nil {
		_ = windows.CloseHandle(job)
		return nil, err
	}
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(cmd.Process.Pid))
	if err == nil {
		_ = windows.AssignProcessToJobObject(job, process)
		_ = windows.CloseHandle(process)
	}
	return func() { _ = windows.CloseHandle(job) }, nil
}

// private accepts anything: a file has the access control list of its directory, which
// its mode says nothing about, and those of the user's profile and of Program Files keep
// other users out.
func private(string) error { return nil }
