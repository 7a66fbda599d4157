package broker

import (
	"net/http"
	"sync/atomic"
	"time"

	"fob/internal/fob"
)

// tolerance is how far off a clock may be before it matters; AWS itself accepts
// five minutes in signatures.
const tolerance = time.Minute

// longest is the longest that credentials last whose kind says nothing else: AWS's
// limit of a user's session.
const longest = 36 * time.Hour

// answers watches the calls of one retrieval, and learns from them what AWS's clock
// says. Nothing of it outlives the retrieval but the skew of the credentials that were
// retrieved, so that one server's wrong clock is no other profile's.
type answers struct {
	now  func() time.Time
	next http.RoundTripper
	skew atomic.Int64 // the server's clock less ours, in nanoseconds; zero if about right
	via  atomic.Pointer[string]
}

// watch has the calls of a retrieval go through new answers.
func (b *Broker) watch(client *http.Client) (*http.Client, *answers) {
	a := &answers{now: b.Now}
	if client == nil {
		return nil, a // of a kind that makes no calls
	}
	watched := *client
	if a.next = client.Transport; a.next == nil {
		a.next = http.DefaultTransport
	}
	watched.Transport = a
	return &watched, a
}

// RoundTrip implements [http.RoundTripper].
func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	if route, ok := a.next.(interface{ Via(*http.Request) string }); ok {
		via := route.Via(req)
		a.via.Store(&via)
	}
	resp, err := a.next.RoundTrip(req)
	if err != nil {
		return resp, err
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil && authentic(resp) {
		off := date.Sub(a.now())
		if off.Abs() < tolerance {
			off = 0
		}
		a.skew.Store(int64(off))
	}
	return resp, nil
}

// time is the server's time, as far as its answers have told.
func (a *answers) time() time.Time { return a.now().Add(time.Duration(a.skew.Load())) }

// authentic reports whether an answer's Date is worth anything: TLS has verified whose
// it is, and it accepts a request that was authenticated. Whoever is in the middle of
// an unprotected connection, and pages in AWS's place, may say what they like.
func authentic(resp *http.Response) bool {
	return resp.TLS != nil && len(resp.TLS.VerifiedChains) > 0 && resp.StatusCode == http.StatusOK
}

// admit checks when new credentials expire, and says it by this computer's clock, by
// which they are kept and handed out. What a server claims beyond what it was asked for
// is cut off; what has expired already is refused.
func admit(step Step, c fob.Credentials, now time.Time) (fob.Credentials, error) {
	if c.Expiration.IsZero() {
		return c, nil // keys that do not expire, or whose end nobody knows: kinds refuse answers without one
	}
	lasts := longest
	if step.Kind.Lasts != nil {
		lasts = step.Kind.Lasts(step.Profile)
	}
	end := c.Expiration.Add(-c.Skew)
	if !end.After(now) {
		return fob.Credentials{}, fob.Errorf(fob.ErrRefused, "profile %q: the server handed out credentials that have expired already, %s", step.Profile.Name, since(now.Sub(end))).
			WithHint("set the clock of this computer, or of the server, whichever is wrong (timedatectl set-ntp true)")
	}
	if end.Sub(now) > lasts {
		end = now.Add(lasts)
	}
	c.Expiration = end.UTC().Truncate(time.Second)
	return c, nil
}

// since says for how long something has been over.
func since(d time.Duration) string {
	if d > 24*time.Hour {
		return "more than a day ago"
	}
	return d.Round(time.Second).String() + " ago"
}
