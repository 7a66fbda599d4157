// Package frontend is what the two parts of fob's front end have in common: one run of
// the program, its connection to the agent, and how it reaches the person. It has no
// power of its own: everything it prints came from the agent.
package frontend

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"fob/internal/api"
	"fob/internal/child"
	"fob/internal/environ"
	"fob/internal/fob"
	"fob/internal/terminal"
)

// Streams are the standard streams of the program.
type Streams struct {
	In       *os.File
	Out, Err io.Writer
}

// Flag, as fob-agent's first argument, followed by fob's version and
// arguments, makes it fob's front end.
const Flag = "--front-end"

// App is one run of the program.
type App struct {
	Streams
	Args    []string // with the program's name first
	Version string
	Environ environ.Environ

	// Answers given in advance, for scripts.
	MFACode         string
	PassphraseStdin bool
	SecretStdin     bool
	Yes             bool
	NoBrowser       bool
	SigningIn       bool // a person asked for a sign-in: pages may open

	NoPrompt bool        // the terminal is somebody else's
	terminal *sync.Mutex // held while a question is there, if several may be asked

	asked bool // somebody was, at the terminal, for the call that is under way
	bar   terminal.Bar

	client *api.Client
}

// New is one run of the program, with the program's name as its first argument.
func New(version string, args []string, streams Streams, env []string) *App {
	streams.Out = &output{w: streams.Out}
	return &App{Args: args, Version: version, Streams: streams, Environ: env}
}

// Clone is the same run with a connection of its own, for another goroutine; terminal
// is held while a question is there.
func (a *App) Clone(terminal *sync.Mutex) *App {
	clone := *a
	clone.client, clone.terminal = nil, terminal
	return &clone
}

// Getenv looks a variable up in the run's environment.
func (a *App) Getenv(name string) string { return a.Environ.Get(name) }

// Exit prints an error and returns its code. SDKs copy a credential_process's
// stderr into their own one-line errors, so there the hint joins the line.
func (a *App) Exit(err error, oneLine bool) int {
	a.Leave()
	if out, ok := a.Out.(*output); ok {
		err = out.judge(err)
	}
	if err == nil {
		return 0
	}
	code := fob.OutcomeOf(err).Code
	var status child.ExitStatus
	if errors.As(err, &status) {
		code = int(status)
	}
	message, hint := terminal.Clean(err.Error()), terminal.Clean(fob.HintOf(err))
	var own *fob.Error
	switch {
	case errors.As(err, &own):
		message = terminal.Clean(own.Error())
	case code == int(status): // the program has said what there is to say
		return code
	}
	switch {
	case hint == "":
		fmt.Fprintf(a.Err, "fob: %s\n", message)
	case oneLine:
		fmt.Fprintf(a.Err, "fob: %s (hint: %s)\n", message, hint)
	default:
		fmt.Fprintf(a.Err, "fob: %s\nhint: %s\n", message, hint)
	}
	return code
}
