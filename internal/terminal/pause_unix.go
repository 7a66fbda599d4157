//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// pauses are the signals of Ctrl-Z (SIGTSTP) and fg (SIGCONT) during a question. When a
// shell takes the terminal back and gives it to the job again, it turns echo on, so fob
// has to act on both.
type pauses struct{ stopped, continued chan os.Signal }

// notePauses starts to catch them. Ctrl-Z is left alone where it is ignored, and in the
// process group of the session's leader (ssh -t HOST fob …): no shell is there that could
// continue the process, and the kernel does not stop orphaned process groups.
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

// pause restores the terminal and stops this process until it is continued. It sends
// SIGSTOP, because Go does not give SIGTSTP its default action back; and it waits for
// SIGCONT, because other threads run on for a moment after the process has stopped itself.
func (p *pauses) pause(tty *os.File, restore func()) {
	// The shell may have taken the terminal and set it up already, where it waits for
	// another process of the job (aws, which runs fob, and has stopped before it). If it
	// takes the terminal just now, changing the settings stops this process (SIGTTOU) until
	// the job is continued.
	if Foreground(tty) {
		restore()
	}
	if p.over() {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	<-p.continued
}

// over reports whether SIGCONT has arrived already. Go's runtime delivers pending signals
// in the order of their numbers; so once SIGWINCH arrives, which has a higher number and is
// sent now, an earlier SIGCONT has arrived too.
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
