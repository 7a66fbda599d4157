// Package terminal asks the person at the controlling terminal, with or without echo,
// draws progress, and removes control characters from what is shown.
package terminal

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"fob/internal/fob"
)

// Ask prints a question to a terminal and reads one line, without echo if hidden. The
// question is printed again after each Ctrl-Z and fg. Errors: [fob.ErrCancelled] for
// Ctrl-C, Ctrl-\ and an end of the input; [fob.ErrNobody] if another process ends this one
// (SIGTERM, or the terminal closes). In all cases the terminal's settings are restored.
func Ask(in, out *os.File, text string, hidden bool) (fob.Secret, error) {
	// Signals are caught and echo is off before the question is shown: as soon as it is
	// visible, the person may type or press Ctrl-C or Ctrl-Z.
	interrupted, ended := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGQUIT)
	defer signal.Stop(interrupted)
	pauses := notePauses()
	defer pauses.end()
	read, restore := readLine, func() {}
	if hidden {
		signal.Notify(ended, syscall.SIGTERM, syscall.SIGHUP) // by default these end the process with echo still off
		defer signal.Stop(ended)
		var err error
		if restore, err = silence(in); err != nil {
			return fob.Secret{}, notHidden(err)
		}
		defer restore()
		read = readHidden
	}
	fmt.Fprint(out, text)
	done := make(chan answer, 1)
	go func() {
		line, err := read(in)
		done <- answer{line, err}
	}()
	for {
		select {
		case r := <-done:
			if hidden || r.err != nil {
				fmt.Fprintln(out) // without echo no newline was shown; after an error none was typed
			}
			if r.err != nil {
				return fob.Secret{}, fob.Errorf(fob.ErrCancelled, "nothing was typed")
			}
			return fob.NewSecret(string(r.line)), nil
		case <-interrupted:
			fmt.Fprintln(out)
			return fob.Secret{}, fob.Errorf(fob.ErrCancelled, "cancelled")
		case <-ended: // not the person's decision: the agent may ask somebody else
			fmt.Fprintln(out)
			return fob.Secret{}, fob.ErrNobody
		case <-pauses.stopped:
			pauses.pause(in, restore)
		case <-pauses.continued: // after SIGSTOP, which cannot be caught
		}
		if !getsForeground(in) {
			continue // continued by bg: the read stops this job again, and fg continues it here
		}
		if hidden {
			// The shell has set up the terminal with echo. The settings to restore at the end
			// remain those from the beginning: the shell may give this job the ones without
			// echo back.
			if _, err := silence(in); err != nil {
				return fob.Secret{}, notHidden(err)
			}
		}
		fmt.Fprint(out, text)
	}
}

// answer is what reading a line has come to.
type answer struct {
	line []byte
	err  error
}

// getsForeground reports whether this process is in the terminal's foreground process
// group, or is within 100 ms: a shell may continue a job before it gives it the terminal.
func getsForeground(tty *os.File) bool {
	for range 20 {
		if Foreground(tty) {
			return true
		}
		time.Sleep(5 * time.Millisecond)
	}
	return false
}

func notHidden(err error) error {
	return fob.Errorf(fob.ErrInternal, "cannot keep the terminal from showing what is typed: %w", err)
}

func readLine(r *os.File) ([]byte, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := r.Read(one)
		if n == 1 {
			if one[0] == '\n' {
				return bytes.TrimSuffix(line, []byte("\r")), nil
			}
			line = append(line, one[0])
		}
		if err != nil {
			return nil, err
		}
	}
}

// Present reports whether this process has a controlling terminal.
func Present() bool {
	in, out, err := Open()
	if err != nil {
		return false
	}
	in.Close()
	out.Close()
	return true
}
