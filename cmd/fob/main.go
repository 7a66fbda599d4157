// fob hands out AWS credentials. See internal/cli.
package main

import (
	"context"
	"os"

	"fob/internal/cli"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "0.1.0-dev"

func main() {
	os.Exit(cli.Main(context.Background(), version, os.Args, cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Environ(), nil))
}
