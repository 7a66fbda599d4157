package loopback

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// keepFor is how long an answer of the agent is repeated (ADR 11): so short that
// fob lock is felt at once.
const keepFor = time.Second

// ErrLate says that there is no answer yet; who asks again soon gets it.
var ErrLate = errors.New("there is no answer yet")

// Kept is the last answer to a question that is asked again and again. Set the
// exported fields before use.
type Kept[T any] struct {
	// Ask gets the answer; it may take long, and runs once at a time.
	Ask func() (T, error)
	// Limit is how long one request waits for it.
	Limit time.Duration

	last   atomic.Pointer[answer[T]]
	mu     sync.Mutex
	flight *answer[T]
}

type answer[T any] struct {
	done  chan struct{}
	at    time.Time
	value T
	err   error
}

// age is the larger of what the monotonic clock says, and the wall clock, which
// goes on while the machine sleeps.
func (a *answer[T]) age(now time.Time) time.Duration {
	return max(now.Sub(a.at), now.Round(0).Sub(a.at.Round(0)))
}

// Get returns the answer, [ErrLate] if there is none in time, or what went wrong.
// It is refreshed behind the callers' backs while it is used.
func (k *Kept[T]) Get(ctx context.Context) (T, error) {
	if a := k.last.Load(); a != nil {
		if age := a.age(time.Now()); age < keepFor {
			if age > keepFor/2 {
				k.join()
			}
			return a.value, a.err
		}
	}
	a := k.join()
	timer := time.NewTimer(k.Limit)
	defer timer.Stop()
	var none T
	select {
	case <-a.done:
		return a.value, a.err
	case <-timer.C:
		return none, ErrLate
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// Put is the answer that came otherwise.
func (k *Kept[T]) Put(value T) {
	k.last.Store(&answer[T]{at: time.Now(), value: value})
}

// board joins the question that is under way, or asks.
func (k *Kept[T]) join() *answer[T] {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.flight != nil {
		return k.flight
	}
	if a := k.last.Load(); a != nil && a.done != nil && a.age(time.Now()) < keepFor/2 {
		return a // it landed just now
	}
	a := &answer[T]{done: make(chan struct{})}
	k.flight = a
	go func() {
		a.value, a.err = k.Ask()
		a.at = time.Now()
		k.mu.Lock()
		k.last.Store(a)
		k.flight = nil
		k.mu.Unlock()
		close(a.done)
	}()
	return a
}
