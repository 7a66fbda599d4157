package principal

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Limiter spaces the calls to one server out. It gives way when it is told to slow
// down, and feels its way up again.
type Limiter struct {
	mu     sync.Mutex
	gap    time.Duration // between two calls
	least  time.Duration // that the gap may become
	next   time.Time     // when the next call may start
	slowed time.Time     // when it last gave way
}

// The gap after a first refusal where calls were not spaced before, and the longest.
const (
	firstGap = time.Second / 20
	maxGap   = 2 * time.Second
)

// Limits are the limiters of all servers, by a name for each server and for whom it
// counts. The zero value and nil are ready for use; nil remembers none.
type Limits struct {
	mu  sync.Mutex
	all map[string]*Limiter
}

// manyLimits bounds how many limiters are remembered.
const manyLimits = 256

// For returns the limiter of a name. Where there is none yet it begins with a gap
// between calls (zero: none), which later becomes no less than half.
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
	if len(l.all) >= manyLimits || l.all == nil { // to begin anew costs a few refusals
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

// OK goes a little faster after each call that was let through: from half the
// rate back to all of it takes about two hundred.
func (l *Limiter) OK() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gap = max(l.gap-l.gap/256, l.least)
	if l.gap < time.Millisecond {
		l.gap = l.least
	}
}

// Slow gives way: a tenth, once for all calls that were under way together, and
// a pause if AWS named one.
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
