// Package terminal talks with the person at the terminal: questions, hidden or not,
// progress, and text that does nothing to the terminal.
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

// Ask puts a question to a terminal, again after each Ctrl-Z and fg.
func Ask(in, out *os.File, text string, hidden bool) (fob.Secret, error) {
	// All this before the question is shown: whoever sees it may type, or press
	// Ctrl-C or Ctrl-Z, at once.
	interrupted, ended := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGQUIT)
	defer signal.Stop(interrupted)
	pauses := notePauses()
	defer pauses.end()
	read, restore := readLine, func() {}
	if hidden {
		signal.Notify(ended, syscall.SIGTERM, syscall.SIGHUP) // which would leave the terminal silent
		defer signal.Stop(ended)
		var err error
		if restore, err = silence(in); err != nil {
			return fob.Secret{}, notHidden(err)
		}
		defer restore()
		read = readHidden
	}
	fmt.Fprint(out, text)
	type answer struct {
		line []byte
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		line, err := read(in)
		done <- answer{line, err}
	}()
	for {
		select {
		case r := <-done:
			if hidden || r.err != nil {
				fmt.Fprintln(out) // the line's end was not shown, or not typed
			}
			if r.err != nil {
				return fob.Secret{}, fob.Errorf(fob.ErrCancelled, "nothing was typed")
			}
			return fob.NewSecret(string(r.line)), nil
		case <-interrupted:
			fmt.Fprintln(out)
			return fob.Secret{}, fob.Errorf(fob.ErrCancelled, "cancelled")
		case <-ended: // by somebody else: who else waits for an answer may ask another person
			fmt.Fprintln(out)
			return fob.Secret{}, fob.ErrNobody
		case <-pauses.stopped:
			pauses.pause(in, restore)
		case <-pauses.continued: // after a stop that nobody can catch
		}
		if !getsForeground(in) {
			continue // bg: reading stops the job anew, and fg comes by here
		}
		if hidden {
			// What is given back in the end is still the terminal as it was at first: a
			// shell may have kept the silent one for this job.
			if _, err := silence(in); err != nil {
				return fob.Secret{}, notHidden(err)
			}
		}
		fmt.Fprint(out, text)
	}
}

// getsForeground reports whether this process's job has the terminal, or gets it in a
// moment: a shell may continue a job before it gives it the terminal.
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

// Present reports whether this process belongs to a terminal.
func Present() bool {
	in, out, err := Open()
	if err != nil {
		return false
	}
	in.Close()
	out.Close()
	return true
}
