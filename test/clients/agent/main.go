// fob-agent by a clock that the tests of the clients set, and else as cmd/fob-agent.
package main

import (
	"context"
	"os"

	"fob/internal/agent"
	"fob/internal/cli"
	"fob/internal/cli/command"
	ways "fob/internal/delivery/all"
	"fob/internal/frontend"
	"fob/test/fakeclock"
)

func main() {
	fakeclock.Use()
	ctx := context.Background()
	if args := os.Args; len(args) > 2 && args[1] == frontend.Flag {
		programs := command.Programs{}
		for _, w := range ways.Ways() {
			programs[w.Name] = w.Run
		}
		os.Exit(cli.Main(ctx, args[2], append(args[:1:1], args[3:]...), frontend.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Environ(), programs))
	}
	os.Exit(agent.Main(ctx, "0.1.0-dev", os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv, fakeclock.Now))
}
