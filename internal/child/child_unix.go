//go:build unix

package child

import (
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"fob/internal/terminal"
)

// Child is a child process in this process's process group: signals from the terminal
// reach both, and a shell sees one job, also in a pipeline. Signals that are sent to this
// process alone are forwarded.
type Child struct {
	pid       int
	signals   chan os.Signal
	continued chan struct{} // has an element once this process got SIGCONT
	status    syscall.WaitStatus
}

// Start starts a program with this process's standard streams. It inherits other open
// files too (3<file in a shell). Errors have the shells' exit codes: see [Run].
func Start(argv, env []string) (*Child, error) {
	path, err := lookPath(argv[0], env)
	if err != nil {
		return nil, err
	}
	c := &Child{signals: make(chan os.Signal, 16), continued: make(chan struct{}, 1)}
	for _, s := range []os.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2,
		syscall.SIGALRM, syscall.SIGWINCH, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGCONT,
	} {
		if !signal.Ignored(s) { // ignored signals stay ignored in the child, as under nohup
			signal.Notify(c.signals, s)
		}
	}
	c.pid, err = syscall.ForkExec(path, argv, &syscall.ProcAttr{Env: env, Files: []uintptr{0, 1, 2}})
	if err != nil {
		signal.Stop(c.signals)
		return nil, notStarted(argv[0], err)
	}
	go c.passOn()
	return c, nil
}

// passOn forwards signals to the child. Those from the terminal are left out, because the
// child has got them already, and many programs act differently on a second Ctrl-C.
func (c *Child) passOn() {
	for s := range c.signals {
		switch s {
		case syscall.SIGINT, syscall.SIGQUIT, syscall.SIGWINCH, syscall.SIGTSTP:
			if inForeground() {
				continue
			}
		case syscall.SIGTTIN, syscall.SIGTTOU:
			continue // the kernel sends these to the whole process group
		case syscall.SIGCONT:
			select {
			case c.continued <- struct{}{}:
			default:
			}
			continue
		}
		_ = syscall.Kill(c.pid, s.(syscall.Signal))
	}
}

// inForeground reports whether this process is in its terminal's foreground process group.
func inForeground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	defer tty.Close()
	return terminal.Foreground(tty)
}

// Wait waits until the child ends; its error is the child's [ExitStatus] unless that is 0.
// While the child is stopped this process stops too, so that a shell sees a stopped job.
func (c *Child) Wait() error {
	for {
		if _, err := wait4(c.pid, &c.status, syscall.WUNTRACED); err != nil {
			return err
		}
		for c.status.Stopped() {
			if c.news(stopGrace) {
				continue
			}
			c.stopToo()
			if !c.news(0) { // only this process was continued (kill -CONT), not the process group
				_ = syscall.Kill(c.pid, syscall.SIGCONT)
				break
			}
		}
		if c.status.Exited() || c.status.Signaled() {
			return c.result()
		}
	}
}

// stopGrace is how long this process waits for news of a stopped child before it stops
// itself. SIGSTOP to the whole group has stopped this process already, and when the group
// is continued the child may run a moment later than this process.
const stopGrace = 20 * time.Millisecond

// news reports whether the state of a stopped child changes within a time: it is continued,
// stopped again, or has ended.
func (c *Child) news(within time.Duration) bool {
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		var now syscall.WaitStatus
		pid, err := wait4(c.pid, &now, syscall.WNOHANG|syscall.WUNTRACED|syscall.WCONTINUED)
		if err == nil && pid > 0 {
			c.status = now
			return true
		}
		if time.Since(begin) >= within {
			return false
		}
	}
}

// stopToo stops this process until it is continued. It waits for SIGCONT, because other
// threads run on for a moment after the process has stopped itself.
func (c *Child) stopToo() {
	select {
	case <-c.continued:
	default:
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	<-c.continued
}

func wait4(pid int, status *syscall.WaitStatus, options int) (int, error) {
	for {
		pid, err := syscall.Wait4(pid, status, options, nil)
		if err != syscall.EINTR {
			return pid, err
		}
	}
}

func (c *Child) result() error {
	switch {
	case c.status.Signaled():
		return ExitStatus(128 + int(c.status.Signal()))
	case c.status.ExitStatus() != 0:
		return ExitStatus(c.status.ExitStatus())
	}
	return nil
}

// Mirror ends this process by the signal that ended the child, if one did, because shells
// treat that differently from an exit status; else it returns err. A shell takes this
// process's place for that: Go's runtime has handlers for most signals.
func (c *Child) Mirror(err error) error {
	if c.status.Signaled() {
		n := strconv.Itoa(int(c.status.Signal()))
		_ = syscall.Exec("/bin/sh", []string{"sh", "-c", "ulimit -c 0; kill -" + n + " $$; exit $((128+" + n + "))"}, nil)
	}
	return err // also if there is no shell: the exit status says the same
}
