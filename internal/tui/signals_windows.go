package tui

import (
	"context"
	"os"
	"os/signal"
)

// signals ends a context when the program should end. A console that changes its
// size is drawn anew at the next key.
func signals(ctx context.Context) (context.Context, <-chan os.Signal, func()) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	return ctx, nil, stop
}
