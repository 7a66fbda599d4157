// fob-agent is fob's engine, see internal/agent, and holds fob's front end for all
// but its hottest path, see internal/cli.
package main

import (
	"context"
	"os"
	"time"

	"fob/internal/agent"
	"fob/internal/cli"
	"fob/internal/cli/command"
	ways "fob/internal/delivery/all"
	"fob/internal/frontend"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "0.1.0-dev"

func main() {
	ctx := context.Background()
	if args := os.Args; len(args) > 2 && args[1] == frontend.Flag {
		os.Exit(cli.Main(ctx, args[2], append(args[:1:1], args[3:]...), frontend.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Environ(), programs()))
	}
	os.Exit(agent.Main(ctx, version, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv, time.Now))
}

func programs() command.Programs {
	p := command.Programs{}
	for _, w := range ways.Ways() {
		if w.Run != nil {
			p[w.Name] = w.Run
		}
	}
	return p
}
