package sso

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// limiter spaces calls out. It starts at the rate that AWS is known to allow,
// gives way when it is told to slow down, and feels its way up again.
type limiter struct {
	mu     sync.Mutex
	gap    time.Duration // between two calls
	next   time.Time     // when the next call may start
	slowed time.Time     // when it last gave way
}

// The portal allows about 20 calls a second for one user (field reports).
const (
	startGap = time.Second / 20
	maxGap   = 2 * time.Second
	minGap   = time.Second / 40
)

func newLimiter() *limiter { return &limiter{gap: startGap} }

// wait takes the next place in the queue.
func (l *limiter) wait(ctx context.Context) error {
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

// ok goes a little faster after each call that was let through: from half the
// rate back to all of it takes about two hundred.
func (l *limiter) ok() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gap = max(l.gap-l.gap/256, minGap)
}

// slow gives way: a tenth, once for all calls that were under way together, and
// a pause if AWS named one.
func (l *limiter) slow(pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Sub(l.slowed) > time.Second {
		l.gap = min(l.gap+l.gap/10, maxGap)
		l.slowed = now
	}
	if pause == 0 {
		pause = l.gap + rand.N(l.gap)
	}
	if until := now.Add(pause); until.After(l.next) {
		l.next = until
	}
}
