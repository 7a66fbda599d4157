package principal

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Limiter spaces the calls to one server. It slows down when AWS throttles, and speeds up again
// slowly.
type Limiter struct {
	mu     sync.Mutex
	gap    time.Duration // between two calls
	least  time.Duration // the smallest gap
	next   time.Time     // when the next call may start
	slowed time.Time     // when it last slowed down
}

// The gap after a first throttling where there was none, and the longest gap.
const (
	firstGap = time.Second / 20
	maxGap   = 2 * time.Second
)

// Limits holds the limiters of all servers by name. The zero value and nil are ready for use; nil
// remembers none.
type Limits struct {
	mu  sync.Mutex
	all map[string]*Limiter
}

// manyLimits is how many limiters are remembered.
const manyLimits = 256

// For returns the limiter of a name. A new one starts with a gap between calls (zero: none), which
// later never becomes less than half of that.
func (l *Limits) For(name string, gap time.Duration) *Limiter {
	fresh := &Limiter{gap: gap, least: gap / 2}
	if l == nil {
		return fresh
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if have := l.all[name]; have != nil {
		return have
	}
	if len(l.all) >= manyLimits || l.all == nil { // starting again costs a few throttled calls
		l.all = map[string]*Limiter{}
	}
	l.all[name] = fresh
	return fresh
}

// Wait takes the next place in the queue.
func (l *Limiter) Wait(ctx context.Context) error {
	l.mu.Lock()
	now := time.Now()
	at := l.next
	if at.Before(now) {
		at = now
	}
	l.next = at.Add(l.gap)
	l.mu.Unlock()
	if !at.After(now) {
		return ctx.Err()
	}
	select {
	case <-time.After(at.Sub(now)):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// OK speeds up a little after each successful call: from half the rate to the whole takes about two
// hundred calls.
func (l *Limiter) OK() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gap = max(l.gap-l.gap/256, l.least)
	if l.gap < time.Millisecond {
		l.gap = l.least
	}
}

// Slow slows down by a tenth, once for all calls that were in progress together, and pauses if AWS
// named a pause.
func (l *Limiter) Slow(pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Sub(l.slowed) > time.Second {
		l.gap = min(max(l.gap+l.gap/10, firstGap), maxGap)
		l.slowed = now
	}
	if pause == 0 {
		pause = l.gap + rand.N(l.gap)
	}
	if until := now.Add(pause); until.After(l.next) {
		l.next = until
	}
}
