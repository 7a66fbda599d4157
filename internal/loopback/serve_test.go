package loopback

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"fob/internal/fob"
)

// answeredFirst is a cancelled context; its Done channel is read only once the answer is there.
type answeredFirst struct{ context.Context }

func (c answeredFirst) Done() <-chan struct{} {
	synctest.Wait()
	return c.Context.Done()
}

// If the context is cancelled during the first request, First returns that error, whatever the
// agent answers and whichever event is seen first.
func TestFirstIsCancelled(t *testing.T) {
	for name, answer := range map[string]error{"cancelled as well": context.Canceled, "refused": fob.ErrRefused} {
		for range 20 { // select chooses either case at random
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				task := fob.Task{Deliver: func(context.Context, fob.Request) (fob.Delivery, error) { return fob.Delivery{Stdout: "x"}, answer }}
				if d, err := First(answeredFirst{ctx}, task, fob.Request{}); !errors.Is(err, fob.ErrCancelled) || d.Stdout != "" {
					t.Fatalf("%s: %q, %v", name, d.Stdout, err)
				}
			})
		}
	}
}
