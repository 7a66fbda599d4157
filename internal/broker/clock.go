package broker

import (
	"net/http"
	"sync/atomic"
	"time"
)

// Clock is the computer's clock, corrected by what AWS says the time is: with a
// clock that is minutes off, credentials would be thought valid after they have
// died, or dead while they are valid.
type Clock struct {
	now    func() time.Time
	offset atomic.Int64 // nanoseconds to add; zero while the clock is about right
}

// tolerance is how far off a clock may be before it matters; AWS itself accepts
// five minutes in signatures.
const tolerance = time.Minute

// NewClock corrects now.
func NewClock(now func() time.Time) *Clock { return &Clock{now: now} }

// Now is AWS's time, as far as is known.
func (c *Clock) Now() time.Time { return c.now().Add(c.Offset()) }

// Offset is how far the computer's clock is behind AWS's; zero if about right.
func (c *Clock) Offset() time.Duration { return time.Duration(c.offset.Load()) }

// Watch returns a transport that learns the offset from the Date of answers.
func (c *Clock) Watch(next http.RoundTripper) http.RoundTripper { return &watcher{c, next} }

type watcher struct {
	clock *Clock
	next  http.RoundTripper
}

func (w *watcher) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return resp, err
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		off := date.Sub(w.clock.now())
		if off.Abs() < tolerance {
			off = 0
		}
		w.clock.offset.Store(int64(off))
	}
	return resp, nil
}
