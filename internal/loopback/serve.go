package loopback

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"fob/internal/fob"
)

// Serve answers requests at a listener until ctx ends. It calls ready once connections are
// accepted. At the end it closes all connections, also those with a request in progress.
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

// First makes the first request to the agent before anything is served, so that an MFA code is
// asked for now. When ctx ends during a prompt, First waits for a moment, so that the terminal's
// echo is turned on again.
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
	if got.err != nil && ctx.Err() != nil { // select may have chosen either of the two
		return fob.Delivery{}, fob.Errorf(fob.ErrCancelled, "cancelled")
	}
	return got.d, got.err
}

// Status returns the HTTP status for an error of the agent. SDKs retry after 5xx; most do not after
// 4xx.
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
