package delivery

import (
	"time"

	"fob/internal/fob"
)

// early is how much sooner than in truth credentials are said to expire, and a
// fifth of what is left if that is less: Go's SDK signs with them until the very
// second, and a request takes time.
const early = time.Minute

// Stated is when a document says that credentials expire, for SDKs that keep no
// distance of their own.
func Stated(c fob.Credentials, now time.Time) time.Time {
	if sooner := c.Expiration.Add(-min(early, c.Remaining(now)/5)).Truncate(time.Second); sooner.After(now) {
		return sooner
	}
	return c.Expiration
}
