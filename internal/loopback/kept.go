package loopback

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// keepFor is how long an answer of the agent is reused (ADR 11). It is short so that fob lock takes
// effect at once.
const keepFor = time.Second

// ErrLate means that the answer did not come in time; the next request will probably find it.
var ErrLate = errors.New("there is no answer yet")

// Kept caches the last answer to a question that is asked often, with single flight. Set the
// exported fields before use.
type Kept[T any] struct {
	// Ask gets the answer. It may take long; only one call runs at a time.
	Ask func() (T, error)
	// Limit is how long one caller waits for the answer.
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

// age returns the larger of the ages by the monotonic clock and by the wall clock. The monotonic
// clock may stop while the machine sleeps.
func (a *answer[T]) age(now time.Time) time.Duration {
	return max(now.Sub(a.at), now.Round(0).Sub(a.at.Round(0)))
}

// Get returns the answer, the error of Ask, or [ErrLate] if neither comes in time. While callers
// use an answer it is refreshed in the background.
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

// Put stores an answer that was obtained otherwise.
func (k *Kept[T]) Put(value T) {
	k.last.Store(&answer[T]{at: time.Now(), value: value})
}

// join returns the call to Ask in progress, and starts one if there is none.
func (k *Kept[T]) join() *answer[T] {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.flight != nil {
		return k.flight
	}
	if a := k.last.Load(); a != nil && a.done != nil && a.age(time.Now()) < keepFor/2 {
		return a // it finished meanwhile
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
