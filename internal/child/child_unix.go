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

// Child is a program that runs below this process, in its process group: the
// terminal's signals reach both at once, and a shell's job control, a pipeline's
// too, sees one job. What is sent to this process alone is passed on.
type Child struct {
	pid       int
	signals   chan os.Signal
	continued chan struct{} // this process was
	status    syscall.WaitStatus
}

// Start starts a program with this process's standard streams. What was opened
// for it beside these (3<file) it has too.
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
		if !signal.Ignored(s) { // as under nohup: the program is to ignore it too
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

// passOn passes signals on. Those that a terminal makes have reached the program
// already if they came from there: a second one would mean more than the first, to
// many programs.
func (c *Child) passOn() {
	for s := range c.signals {
		switch s {
		case syscall.SIGINT, syscall.SIGQUIT, syscall.SIGWINCH, syscall.SIGTSTP:
			if inForeground() {
				continue
			}
		case syscall.SIGTTIN, syscall.SIGTTOU:
			continue // the system sends them to the whole job
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

// inForeground reports whether this process's job has the terminal.
func inForeground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	defer tty.Close()
	return terminal.Foreground(tty)
}

// Wait waits until the program ends. While it is stopped this process is too, so
// that a shell sees its job stopped.
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
			if !c.news(0) { // this process alone was continued, and not the job
				_ = syscall.Kill(c.pid, syscall.SIGCONT)
				break
			}
		}
		if c.status.Exited() || c.status.Signaled() {
			return c.result()
		}
	}
}

// stopGrace is how long a stopped program is watched before this process stops: a
// stop that nobody can catch (SIGSTOP to the whole job) stops this process by itself,
// and the program may go on a moment later than it does.
const stopGrace = 20 * time.Millisecond

// news reports whether something becomes of a stopped program within a time: it goes
// on, was even stopped anew, or has ended.
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

// stopToo stops this process as the program was, until it is continued. A process
// of several threads goes on for a moment after it has stopped itself.
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

// Mirror ends this process by the signal that ended the program, if one did: shells
// tell that from an exit status. Go has handlers of its own for most signals;
// another program in this process's place has none.
func (c *Child) Mirror(err error) error {
	if c.status.Signaled() {
		n := strconv.Itoa(int(c.status.Signal()))
		_ = syscall.Exec("/bin/sh", []string{"sh", "-c", "ulimit -c 0; kill -" + n + " $$; exit $((128+" + n + "))"}, nil)
	}
	return err // where there is no shell, the status says the same
}
