// Package cli has all of fob's commands, a folder for each family. Only fob-agent links it,
// and runs it in place of fob (ADR 19).
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
	debug.SetGCPercent(-1) // most commands end before garbage collection would pay off
	debug.SetMemoryLimit(listingMemory)
	a := &command.App{App: frontend.New(version, args, streams, environ), Programs: programs}
	a.Caller.Exe, a.Caller.Bus = a.Exe(), a.Bus()
	root := newRoot(a)
	root.SetArgs(args[1:])
	cmd, err := root.ExecuteContextC(ctx)
	return a.Exit(a.Misused(cmd, err), cmd.Annotations["one-line-errors"] != "")
}

// listingMemory is the memory that a command may use before garbage is collected, in bytes.
const listingMemory = 128 << 20
