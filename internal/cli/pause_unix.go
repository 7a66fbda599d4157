//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pauses are Ctrl-Z and fg at a prompt. A shell that takes the terminal back, and
// gives it to the job again, sets it up as shells do, which shows what is typed: fob
// must hear of both.
type pauses struct{ stopped, continued chan os.Signal }

// notePauses leaves Ctrl-Z alone where it is ignored, and in the group of a session's
// leader (ssh -t HOST fob …): no shell waits there to say fg, and the system does not
// stop anybody for it.
func notePauses() *pauses {
	p := &pauses{stopped: make(chan os.Signal, 1), continued: make(chan os.Signal, 1)}
	signal.Notify(p.continued, syscall.SIGCONT)
	if session, err := unix.Getsid(0); err == nil && session != unix.Getpgrp() && !signal.Ignored(syscall.SIGTSTP) {
		signal.Notify(p.stopped, syscall.SIGTSTP)
	}
	return p
}

func (p *pauses) end() {
	signal.Stop(p.stopped)
	signal.Stop(p.continued)
}

// pause gives the terminal back and stops this process until it is continued. Go does
// not give SIGTSTP its default back, and a process of several threads goes on for a
// moment after it has stopped itself.
func (p *pauses) pause(tty *os.File, restore func()) {
	select {
	case <-p.continued:
	default:
	}
	// A shell that does not wait for this process itself (aws runs fob, and has stopped)
	// may have the terminal already, as it wants it.
	if foreground(tty) {
		begin := time.Now()
		restore()
		if time.Since(begin) > pauseGrace { // it took the terminal just then, and the system has stopped us for that
			select {
			case <-p.continued:
				return
			case <-time.After(pauseGrace):
			}
		}
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	<-p.continued
}

// pauseGrace is more than it takes to set a terminal up, or to hear of a signal.
const pauseGrace = 20 * time.Millisecond
