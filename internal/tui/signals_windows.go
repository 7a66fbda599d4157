package tui

import (
	"context"
	"os"
	"os/signal"
)

// signals ends the context on a signal that ends the program. A change of the console's size takes
// effect at the next key.
func signals(ctx context.Context) (context.Context, <-chan os.Signal, func()) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	return ctx, nil, stop
}
