package loopback

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"fob/internal/fob"
)

// answeredFirst is a cancelled context that is heeded when the answer is there too.
type answeredFirst struct{ context.Context }

func (c answeredFirst) Done() <-chan struct{} {
	synctest.Wait()
	return c.Context.Done()
}

// A first question that fails as it is cancelled is cancelled, whatever the agent says
// and whichever of the two is seen first.
func TestFirstIsCancelled(t *testing.T) {
	for name, answer := range map[string]error{"cancelled as well": context.Canceled, "refused": fob.ErrRefused} {
		for range 20 { // a select takes either
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
