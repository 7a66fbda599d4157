//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"

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
	// A shell that does not wait for this process itself (aws runs fob, and has stopped)
	// may have the terminal already, as it wants it. If it takes it just now, the system
	// stops us in here, and we go on when the job does.
	if Foreground(tty) {
		restore()
	}
	if p.over() {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	<-p.continued
}

// over reports whether this process has been continued already. The runtime hands
// signals on in the order of their numbers: when one of a higher number has come that
// was sent after it, so has SIGCONT.
func (p *pauses) over() bool {
	after := make(chan os.Signal, 1)
	signal.Notify(after, syscall.SIGWINCH)
	defer signal.Stop(after)
	_ = syscall.Kill(os.Getpid(), syscall.SIGWINCH)
	<-after
	select {
	case <-p.continued:
		return true
	default:
		return false
	}
}
