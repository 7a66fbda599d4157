// Command fakeaws serves the fake of AWS's endpoints on loopback, for the demo
// and for scripts that run built binaries. See package fakeaws.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"fob/internal/fakeaws"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := fakeaws.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
