// Package clock is the time of the fake: the one that it is given, and what a test
// does to it.
package clock

import (
	"sync/atomic"
	"time"
)

// Clock is the fake's clock. It is safe for concurrent use.
type Clock struct {
	base   func() time.Time
	offset atomic.Int64 // in nanoseconds, as are the others
	passed atomic.Int64
	limit  atomic.Int64 // of lifetimes; 0: none
}

// New is a clock that shows what base says; nil is time.Now.
func New(base func() time.Time) *Clock {
	if base == nil {
		base = time.Now
	}
	return &Clock{base: base}
}

// Now is the time that the fake takes it to be.
func (c *Clock) Now() time.Time { return c.base().Add(c.Offset()) }

// Offset is how far the clock is from the one that it was given.
func (c *Clock) Offset() time.Duration { return time.Duration(c.offset.Load()) }

// Advance lets time pass, or, by a negative duration, puts the clock back.
func (c *Clock) Advance(d time.Duration) {
	c.offset.Add(int64(d))
	c.passed.Add(int64(max(d, 0)))
}

// SetSkew sets how wrong the clock is, compared with the one that it was given. No
// time passes by that.
func (c *Clock) SetSkew(d time.Duration) { c.offset.Store(int64(d)) }

// Elapsed is a time by which to measure how long something takes: it goes on as
// time passes, and does not jump when the clock is set.
func (c *Clock) Elapsed() time.Time { return c.base().Add(time.Duration(c.passed.Load())) }

// SetLifetime caps how long what is issued from now on stays valid, below the 15
// minutes that are the least AWS can be asked for: so that tests see credentials
// expire without waiting. Parameters are checked as ever. Zero: no cap.
func (c *Clock) SetLifetime(d time.Duration) { c.limit.Store(int64(max(d, 0))) }

// Capped is how long something lasts that was asked for d.
func (c *Clock) Capped(d time.Duration) time.Duration {
	if limit := time.Duration(c.limit.Load()); limit > 0 {
		return min(d, limit)
	}
	return d
}
