//go:build unix

package tui

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// signals ends a context when the program should end, so that the terminal is
// given back first, and tells of windows that changed their size.
func signals(ctx context.Context) (context.Context, <-chan os.Signal, func()) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	return ctx, resized, func() {
		signal.Stop(resized)
		stop()
	}
}
