// fob hands out AWS credentials. See internal/hotpath, and internal/cli for what
// fob-agent does in its place.
package main

import (
	"context"
	"os"

	"fob/internal/frontend"
	"fob/internal/hotpath"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "0.1.0-dev"

func main() {
	os.Exit(hotpath.Main(context.Background(), version, os.Args, frontend.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Environ()))
}
