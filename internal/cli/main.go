// Package cli is fob's tree of commands, which fob-agent runs in fob's place. It has no
// power of its own: everything it prints came from the agent.
package cli

import (
	"context"
	"runtime/debug"

	"fob/internal/cli/command"
	"fob/internal/frontend"
)

// Main runs fob with its arguments, the program's name first, and returns its
// exit code.
func Main(ctx context.Context, version string, args []string, streams frontend.Streams, environ []string, programs command.Programs) int {
	debug.SetGCPercent(-1) // a listing ends sooner than a collection pays
	debug.SetMemoryLimit(listingMemory)
	a := &command.App{App: frontend.New(version, args, streams, environ), Programs: programs}
	a.Caller.Exe, a.Caller.Bus = a.Exe(), a.Bus()
	root := newRoot(a)
	root.SetArgs(args[1:])
	cmd, err := root.ExecuteContextC(ctx)
	return a.Exit(a.Misused(cmd, err), cmd.Annotations["one-line-errors"] != "")
}

// listingMemory is how much a command uses before it collects garbage, in bytes.
const listingMemory = 128 << 20
