package loopback

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"fob/internal/fob"
)

// Serve answers at a listener until ctx ends. ready is called once connections are
// accepted. At the end nothing answers any more, and what is under way is cut off.
func Serve(ctx context.Context, l net.Listener, h http.Handler, ready func() error) error {
	server := Server(h)
	defer server.Close()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	if err := ready(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return fob.Errorf(fob.ErrInternal, "the listener failed: %w", err)
	}
}

// First asks the agent before anybody is served, so that who has to type a code
// does that now. What a person typed when ctx ends is waited for a moment: a
// terminal that hides what is typed must be given back.
func First(ctx context.Context, t fob.Task, r fob.Request) (fob.Delivery, error) {
	type result struct {
		d   fob.Delivery
		err error
	}
	done := make(chan result, 1)
	go func() {
		d, err := t.Deliver(ctx, r)
		done <- result{d, err}
	}()
	var got result
	select {
	case got = <-done:
	case <-ctx.Done():
		got.err = ctx.Err()
		select {
		case <-done:
		case <-time.After(time.Second):
		}
	}
	if got.err != nil && ctx.Err() != nil { // whichever of the two was seen first
		return fob.Delivery{}, fob.Errorf(fob.ErrCancelled, "cancelled")
	}
	return got.d, got.err
}

// Status is the HTTP status for what went wrong while the agent was asked. SDKs
// ask again after 5xx, and not (most of them) after 4xx.
func Status(err error) int {
	switch {
	case errors.Is(err, ErrLate), errors.Is(err, fob.ErrNobody), errors.Is(err, fob.ErrSignIn), errors.Is(err, fob.ErrLocked),
		errors.Is(err, fob.ErrNetwork), errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable
	case errors.Is(err, fob.ErrRefused), errors.Is(err, fob.ErrNotFound), errors.Is(err, fob.ErrUsage):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}
