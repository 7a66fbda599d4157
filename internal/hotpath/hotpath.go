// Package hotpath holds the two commands that the program fob runs itself, because they are
// started most often: fob credentials (by AWS tools) and fob prompt (by shells). For every
// other command line fob executes fob-agent, which has the tree of commands
// (internal/cli): if fob linked that, fob credentials would take a tenth longer (ADR 10).
package hotpath

import (
	"context"
	"strings"

	"fob/internal/api"
	"fob/internal/child"
	"fob/internal/frontend"
)

// Main runs fob with its arguments, the program's name first, and returns its
// exit code.
func Main(ctx context.Context, version string, args []string, streams frontend.Streams, environ []string) int {
	a := frontend.New(version, args, streams, environ)
	if name, noSession, ok := credentialsLine(args[1:]); ok {
		return a.Exit(Credentials(ctx, a, &api.DeliverParams{Name: name, NoSession: noSession}), true)
	}
	if p, ok := promptLine(args[1:]); ok {
		return a.Exit(p.Print(ctx, a), false)
	}
	return a.Exit(handOver(a), false)
}

// credentialsLine recognises the command line that credential_process has. All else,
// --help and more flags too, is for the tree of commands.
func credentialsLine(args []string) (name string, noSession, ok bool) {
	if len(args) == 3 && args[2] == "--no-session" {
		args, noSession = args[:2], true
	}
	if len(args) != 2 || args[0] != "credentials" || strings.HasPrefix(args[1], "-") {
		return "", false, false
	}
	return args[1], noSession, true
}

// Credentials prints the object that SDKs read from a credential_process.
func Credentials(ctx context.Context, a *frontend.App, p *api.DeliverParams) error {
	p.Way = "process"
	d, err := a.Deliver(ctx, p)
	if err != nil {
		return err
	}
	return a.Write(d)
}

// handOver replaces this process by fob-agent, as the front end with all commands. That is
// a client of the running agent as fob is.
func handOver(a *frontend.App) error {
	path, err := api.FindAgent(a.Environ)
	if err != nil {
		return err
	}
	return child.Become(path, append([]string{a.Args[0], frontend.Flag, a.Version}, a.Args[1:]...), a.Environ)
}
