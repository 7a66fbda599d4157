//go:build unix

package tui

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// signals ends the context on a signal that ends the program, so that the terminal is restored
// first. It also reports changes of the window's size.
func signals(ctx context.Context) (context.Context, <-chan os.Signal, func()) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	return ctx, resized, func() {
		signal.Stop(resized)
		stop()
	}
}
