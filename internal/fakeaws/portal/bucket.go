package portal

import (
	"math"
	"time"
)

// bucket is a token bucket on the server's clock.
type bucket struct {
	tokens float64
	filled time.Time // zero: full
}

// take takes a token, or says how long it is until there is one.
func (b *bucket) take(now time.Time, rate float64, burst int) (wait time.Duration, ok bool) {
	if rate <= 0 {
		*b = bucket{}
		return 0, true
	}
	size := float64(burst)
	if burst <= 0 {
		size = max(rate, 1)
	}
	if b.filled.IsZero() {
		b.tokens = size
	} else if gone := now.Sub(b.filled); gone > 0 {
		b.tokens += gone.Seconds() * rate
	}
	b.tokens, b.filled = min(b.tokens, size), now
	if b.tokens < 1-1e-9 {
		return time.Duration(math.Ceil((1 - b.tokens) / rate * float64(time.Second))), false
	}
	b.tokens--
	return 0, true
}
