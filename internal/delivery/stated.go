package delivery

import (
	"time"

	"fob/internal/fob"
)

// early is how much earlier than the real expiry is stated; it is a fifth of the time left if that
// is less. Go's SDK signs until the stated second, and a request takes time to arrive.
const early = time.Minute

// Stated returns the expiry to state, for SDKs that use credentials until the end.
func Stated(c fob.Credentials, now time.Time) time.Time {
	if sooner := c.Expiration.Add(-min(early, c.Remaining(now)/5)).Truncate(time.Second); sooner.After(now) {
		return sooner
	}
	return c.Expiration
}
