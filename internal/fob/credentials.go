package fob

import "time"

// Credentials are what a principal yields: AWS's own four parts, and the
// account they act in.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey Secret
	SessionToken    Secret    // empty for a user's own, long-lived keys
	Expiration      time.Time // by this computer's clock; zero: they do not expire by themselves
	AccountID       string    // twelve digits; empty if nobody said
	// Skew is AWS's clock less this computer's, as it was when the credentials were
	// obtained; zero if that was about right, or nobody knows.
	Skew time.Duration
	// Via says by which certificate authorities and proxy they were obtained, for the log;
	// empty: by the system's and none.
	Via string
}

// SigningTime is the time for signatures that are made at a time of this computer's
// clock: AWS refuses those whose time is minutes off.
func (c Credentials) SigningTime(now time.Time) time.Time { return now.Add(c.Skew) }

// LongLived reports whether these are a user's own keys and not a session's.
func (c Credentials) LongLived() bool { return c.SessionToken.IsZero() }

// Lineage is what AWS takes credentials for. It decides what may be done with them:
// AWS refuses some of them in some places.
type Lineage string

// The lineages.
const (
	LineageOther     Lineage = ""          // anything else: roles of a sign-in, sessions made elsewhere
	LineageUser      Lineage = "user"      // a user's own keys, or a session of them
	LineageFederated Lineage = "federated" // a user's session that a policy narrows (GetFederationToken)
	LineageRole      Lineage = "role"      // a role, assumed with a user's own keys
	LineageChained   Lineage = "chained"   // a role, assumed with a session: an hour at most
)

// Remaining is how long the credentials stay valid after now; a very long time
// if they do not expire, zero or less once they have.
func (c Credentials) Remaining(now time.Time) time.Duration {
	if c.Expiration.IsZero() {
		return 1<<63 - 1
	}
	return c.Expiration.Sub(now)
}
