package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"fob/internal/fob"
)

// The rules of talking with a person: stdout is data only; messages go to
// stderr; prompts go to the terminal itself, because an SDK that starts fob
// keeps stdin and stderr. Answers given in advance come first.

func (a *app) ui() fob.UI {
	return fob.UI{
		AskFunc:      a.ask,
		ConfirmFunc:  a.confirm,
		OpenFunc:     a.open,
		ProgressFunc: a.progress,
		TellFunc:     func(_ context.Context, message string) { a.tell(message) },
	}
}

func (a *app) tell(message string) { fmt.Fprintln(a.Err, "fob: "+clean(message)) }

func (a *app) ask(ctx context.Context, q fob.Question) (fob.Secret, error) {
	switch {
	case q.Kind == fob.AskMFACode && a.mfaCode != "":
		code := a.mfaCode
		a.mfaCode = "" // a code works once
		return fob.NewSecret(code), nil
	case (q.Kind == fob.AskPassphrase || q.Kind == fob.AskNewPhrase) && a.passphraseStdin,
		q.Kind == fob.AskSecret && a.secretStdin:
		return a.stdinLine(q)
	case q.Command != "":
		return a.runCommand(ctx, q)
	}
	answer, err := a.prompt(q.Prompt, q.Hidden)
	if err == nil && q.Kind == fob.AskNewPhrase {
		again, err := a.prompt("the same again", true)
		if err != nil {
			return fob.Secret{}, err
		}
		if !answer.Equal(again) {
			return fob.Secret{}, fob.Errorf(fob.ErrUsage, "the two passphrases differ")
		}
	}
	return answer, err
}

// stdinLine reads byte by byte: what follows the line belongs to somebody else.
func (a *app) stdinLine(q fob.Question) (fob.Secret, error) {
	var line []byte
	one := make([]byte, 1)
	for len(line) < 64<<10 {
		n, err := a.In.Read(one)
		if n == 1 && one[0] == '\n' {
			return fob.NewSecret(strings.TrimSuffix(string(line), "\r")), nil
		}
		line = append(line, one[:n]...)
		if err != nil {
			break
		}
	}
	if len(line) == 0 {
		return fob.Secret{}, &fob.Error{Kind: fob.ErrNobody, Message: "standard input has no line for: " + q.Prompt}
	}
	return fob.NewSecret(string(line)), nil
}

// runCommand runs the program that the user configured to answer (mfa_process),
// in this process's own environment, as aws-vault does.
func (a *app) runCommand(ctx context.Context, q fob.Question) (fob.Secret, error) {
	shell, flag := "sh", "-c"
	if runtime.GOOS == "windows" {
		shell, flag = "cmd", "/C"
	}
	cmd := exec.CommandContext(ctx, shell, flag, q.Command)
	cmd.Env, cmd.Stderr = a.environ, a.Err
	out, err := cmd.Output()
	if err != nil {
		return fob.Secret{}, fob.Errorf(fob.ErrSignIn, "mfa_process failed: %w", err).WithHint("run it in a terminal to see why")
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(out), []byte("\n"))
	return fob.NewSecret(string(line)), nil
}

func (a *app) confirm(_ context.Context, c fob.Confirmation) error {
	if c.Detail != "" {
		for line := range strings.Lines(c.Detail) {
			fmt.Fprintln(a.Err, clean(strings.TrimSuffix(line, "\n")))
		}
	}
	if a.yes {
		return nil
	}
	answer, err := a.prompt(c.Title+"? [y/N]", false)
	switch {
	case errors.Is(err, fob.ErrNobody):
		return &fob.Error{Kind: fob.ErrNobody, Message: "there is no terminal to confirm at: " + c.Title, Hint: "add --yes"}
	case err != nil:
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer.Reveal())) {
	case "y", "yes":
		return nil
	}
	return fob.Errorf(fob.ErrCancelled, "nothing was changed")
}

// prompt asks at the terminal. Whatever ends it gives the terminal back as it was.
func (a *app) prompt(text string, hidden bool) (fob.Secret, error) {
	if a.noPrompt {
		return fob.Secret{}, fob.ErrNobody
	}
	if a.terminal != nil {
		a.terminal.Lock()
		defer a.terminal.Unlock()
	}
	in, out, err := openTerminal()
	if err != nil {
		return fob.Secret{}, fob.ErrNobody
	}
	defer in.Close()
	defer out.Close()
	if a.terminal != nil && !foreground(in) {
		return fob.Secret{}, fob.ErrNobody // reading there would stop a server in the background
	}
	a.asked = true
	return question(in, out, clean(text)+": ", hidden)
}

// question puts a question to a terminal, again after each Ctrl-Z and fg.
func question(in, out *os.File, text string, hidden bool) (fob.Secret, error) {
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
		if foreground(tty) {
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
