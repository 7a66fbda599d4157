package frontend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"

	"fob/internal/browser"
	"fob/internal/fob"
	"fob/internal/terminal"
)

// UI returns how the agent reaches the person through this process. Standard output is for
// data only; messages go to stderr; questions go to the controlling terminal, because an SDK
// that starts fob uses its stdin and stderr. Answers from the command line are used first.
func (a *App) UI() fob.UI {
	return fob.UI{
		AskFunc:      a.ask,
		ConfirmFunc:  a.confirm,
		OpenFunc:     func(ctx context.Context, p fob.Page) (<-chan struct{}, error) { return nil, a.Open(ctx, p) },
		ReachFunc:    a.reach,
		ProgressFunc: a.progress,
		TellFunc:     func(_ context.Context, message string) { a.Tell(message) },
	}
}

// Tell prints a message on stderr.
func (a *App) Tell(message string) { fmt.Fprintln(a.Err, "fob: "+terminal.Clean(message)) }

func (a *App) ask(ctx context.Context, q fob.Question) (fob.Secret, error) {
	switch {
	case q.Kind == fob.AskMFACode && a.MFACode != "":
		code := a.MFACode
		a.MFACode = "" // a code works once
		return fob.NewSecret(code), nil
	case (q.Kind == fob.AskPassphrase || q.Kind == fob.AskNewPhrase) && a.PassphraseStdin,
		q.Kind == fob.AskSecret && a.SecretStdin:
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

// stdinLine reads one line from standard input, byte by byte: what follows may be for a
// program that fob starts.
func (a *App) stdinLine(q fob.Question) (fob.Secret, error) {
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

// runCommand runs the program that answers questions for a profile (mfa_process), in this
// process's environment, as aws-vault does. The answer is its first line of output.
func (a *App) runCommand(ctx context.Context, q fob.Question) (fob.Secret, error) {
	shell, flag := "sh", "-c"
	if runtime.GOOS == "windows" {
		shell, flag = "cmd", "/C"
	}
	cmd := exec.CommandContext(ctx, shell, flag, q.Command)
	cmd.Env, cmd.Stderr = a.Environ, a.Err
	out, err := cmd.Output()
	if err != nil {
		return fob.Secret{}, fob.Errorf(fob.ErrSignIn, "mfa_process failed: %w", err).WithHint("run it in a terminal to see why")
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(out), []byte("\n"))
	return fob.NewSecret(string(line)), nil
}

func (a *App) confirm(_ context.Context, c fob.Confirmation) error {
	if c.Detail != "" {
		for line := range strings.Lines(c.Detail) {
			fmt.Fprintln(a.Err, terminal.Clean(strings.TrimSuffix(line, "\n")))
		}
	}
	if a.Yes {
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

// prompt asks at the controlling terminal; [fob.ErrNobody] if there is none to ask at.
func (a *App) prompt(text string, hidden bool) (fob.Secret, error) {
	if a.NoPrompt {
		return fob.Secret{}, fob.ErrNobody
	}
	if a.asking != nil {
		a.asking.Lock()
		defer a.asking.Unlock()
	}
	in, out, err := terminal.Open()
	if err != nil {
		return fob.Secret{}, fob.ErrNobody
	}
	defer in.Close()
	defer out.Close()
	if a.asking != nil && !terminal.Foreground(in) {
		return fob.Secret{}, fob.ErrNobody // reading from the terminal would stop a server in the background
	}
	a.asked = true
	return terminal.Ask(in, out, terminal.Clean(text)+": ", hidden)
}

// Open opens a page in the browser, or prints its address if a browser would not be visible.
// Without a terminal it returns [fob.ErrNobody], except for a sign-in that the person asked
// for, and for pages that are marked to open always, if a browser would be visible.
func (a *App) Open(ctx context.Context, p fob.Page) error {
	if !a.reach(ctx).Page(p.Always) {
		return fob.ErrNobody
	}
	if err := browser.Check(p.URL); err != nil {
		return fob.Errorf(fob.ErrNetwork, "fob does not open the page to %s: %w", p.Title, err).
			WithHint("check the start URL and the endpoints of the sign-in, and who answers there")
	}
	if p.Code != "" {
		a.Tell("the page must show the code " + p.Code + ". Go on only if it does, and if it was you who started this: whoever else gives you a code wants your access")
	}
	why := a.Headless()
	if why == "" {
		err := browser.Open(a.Environ, p.URL)
		if err == nil {
			a.Tell("your browser opens a page to " + p.Title)
			return nil
		}
		why = err.Error()
	}
	a.Tell(why + "; to " + p.Title + ", open this page:")
	fmt.Fprintln(a.Err, terminal.Clean(p.URL))
	if p.Returns && browser.Elsewhere(a.Environ) {
		a.Tell("the page comes back to this machine, not to that of your browser: fob login --device-code does not need it to")
	}
	return nil
}

// reach reports whether a person can be asked: there is a terminal, or the command itself is
// a sign-in.
func (a *App) reach(context.Context) fob.Reach {
	return fob.Reach{Here: a.SigningIn || terminal.Present(), Browser: a.Headless() == ""}
}

// Headless returns why a browser would not be visible to the person; empty if it would.
func (a *App) Headless() string {
	if a.NoBrowser {
		return "no browser was wanted"
	}
	return browser.Headless(a.Environ)
}

func (a *App) progress(p fob.Progress) { a.bar.Draw(a.Err, p) }
