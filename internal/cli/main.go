// Package cli is the front end that people and SDKs start. It has no power of
// its own: everything it prints came from the agent.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	"fob/internal/api"
	"fob/internal/fob"
)

// Streams are the standard streams of the program.
type Streams struct {
	In       *os.File
	Out, Err io.Writer
}

// FrontEnd, as fob-agent's first argument, followed by fob's version and
// arguments, makes it fob's front end.
const FrontEnd = "--front-end"

// Programs are the parts of deliveries that work in this process, by the name of
// the way. They link net/http and more, so fob has none of them and leaves what
// needs one to the front end inside fob-agent (ADR 10, 11).
type Programs map[string]func(ctx context.Context, t fob.Task) error

// Main runs fob with its arguments, the program's name first, and returns its
// exit code.
func Main(ctx context.Context, version string, args []string, streams Streams, environ []string, programs Programs) int {
	streams.Out = &output{w: streams.Out}
	a := &app{args: args, version: version, Streams: streams, environ: environ, programs: programs}
	if name, noSession, ok := hotPath(args[1:]); ok {
		return a.exit(a.credentials(ctx, &api.DeliverParams{Name: name, NoSession: noSession}), true)
	}
	if s, ok := segmentPath(args[1:]); ok {
		return a.exit(a.printSegment(ctx, s), false)
	}
	debug.SetGCPercent(-1) // a listing ends sooner than a collection pays
	debug.SetMemoryLimit(listingMemory)
	return a.execute(ctx, args[1:])
}

// listingMemory is how much a command uses before it collects garbage, in bytes.
const listingMemory = 128 << 20

// hotPath recognises the command line that every AWS tool spawns, before the
// tree of commands is built for it.
func hotPath(args []string) (name string, noSession, ok bool) {
	if len(args) == 3 && args[2] == "--no-session" {
		args, noSession = args[:2], true
	}
	if len(args) != 2 || args[0] != "credentials" || strings.HasPrefix(args[1], "-") {
		return "", false, false
	}
	return args[1], noSession, true
}

// app is one run of the program.
type app struct {
	Streams
	args    []string // with the program's name first
	version string
	environ []string

	programs Programs

	// Answers given in advance, for scripts.
	mfaCode         string
	passphraseStdin bool
	secretStdin     bool
	yes             bool
	noBrowser       bool
	signingIn       bool // a person asked for a sign-in: pages may open

	noPrompt bool        // the terminal is somebody else's
	terminal *sync.Mutex // held while a question is there, if several may be asked

	asked bool // somebody was, at the terminal, for the call that is under way

	percent int // of the progress bar that is drawn

	accepted bool // cobra found nothing wrong with the command line

	client *api.Client
}

// getenv looks a variable up in the environment that Main was given.
func (a *app) getenv(name string) string {
	for i := len(a.environ) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(a.environ[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// exit prints an error and returns its code. SDKs copy a credential_process's
// stderr into their own one-line errors, so there the hint joins the line.
func (a *app) exit(err error, oneLine bool) int {
	a.leave()
	if out, ok := a.Out.(*output); ok {
		err = out.judge(err)
	}
	if err == nil {
		return 0
	}
	code := fob.OutcomeOf(err).Code
	var status exitStatus
	if errors.As(err, &status) {
		code = int(status)
	}
	message, hint := clean(err.Error()), clean(fob.HintOf(err))
	var own *fob.Error
	switch {
	case errors.As(err, &own):
		message = clean(own.Error())
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

// exitStatus is the exit code of a program that fob exec ran, to be passed on
// without a message.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// clean keeps what others wrote (names from files, from AWS) from acting on the
// terminal: control characters, C1 and the marks that reorder text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return ' '
		case r < ' ', 0x7f <= r && r < 0xa0, 0x200e <= r && r <= 0x200f, 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
			return '�'
		}
		return r
	}, s)
}
