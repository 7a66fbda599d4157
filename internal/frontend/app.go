// Package frontend is what fob's two entry points, internal/hotpath and internal/cli, have
// in common: the connection to the agent, questions to the person, output, errors and exit
// codes. It holds no secrets and no definitions; everything it prints came from the agent.
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

// Streams are a program's standard streams.
type Streams struct {
	In       *os.File
	Out, Err io.Writer
}

// Flag makes fob-agent run as fob's front end instead of as the agent. It is the first
// argument; fob's version follows, and then fob's own arguments.
const Flag = "--front-end"

// App is one run of the front end, from its command line to its exit code. It is not for
// concurrent use: see [App.Clone].
type App struct {
	Streams
	Args    []string // with the program's name first
	Version string
	Environ environ.Environ

	// Caller goes with every request. Its version and paths are filled in; the rest,
	// which fob credentials has no use for, is for whoever runs commands.
	Caller api.Caller

	// Answers to questions, given on the command line for use in scripts.
	MFACode         string
	PassphraseStdin bool
	SecretStdin     bool
	Yes             bool
	NoBrowser       bool
	SigningIn       bool // the command is a sign-in: a page may open even without a terminal

	NoPrompt bool        // ask nothing at the terminal
	asking   *sync.Mutex // held during a question at the terminal; nil if there are no clones

	asked bool // a question was put at the terminal during the current call
	bar   terminal.Bar

	client *api.Client
}

// New returns a run with its arguments, of which the first is the program's name.
func New(version string, args []string, streams Streams, env []string) *App {
	streams.Out = &output{w: streams.Out}
	return &App{Args: args, Version: version, Streams: streams, Environ: env}
}

// Clone returns the same run with a connection of its own, for use in another goroutine.
// Clones with the same lock ask one question at a time, and none while the process is in the
// background: reading from the terminal would stop it.
func (a *App) Clone(asking *sync.Mutex) *App {
	clone := *a
	clone.client, clone.asking = nil, asking
	return &clone
}

// Getenv returns a variable of the run's environment, empty if it is not set.
func (a *App) Getenv(name string) string { return a.Environ.Get(name) }

// Exit closes the connection to the agent, prints an error with its hint, and returns the
// exit code of docs/exit-codes.md, or that of an [child.ExitStatus]. oneLine prints the hint
// on the same line, for commands that are a credential_process: SDKs put what it prints on
// stderr into a one-line error of their own.
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
	case code == int(status): // the program itself has printed an error, if any
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
