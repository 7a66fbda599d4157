package fakeaws

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"time"
)

// SSOSettings are what can be set about sign-in and the portal.
type SSOSettings struct {
	Registration time.Duration // life of a client; 90 days
	AccessToken  time.Duration // life of an access token that can be refreshed; 1 hour
	Session      time.Duration // life of a sign-in, and of all its tokens at most; 8 hours
	Code         time.Duration // life of a code, and of a page that waits; 10 minutes
	RoleSession  time.Duration // life of a role's credentials; 1 hour
	Interval     time.Duration // between a device's questions; 1 second. 0: not said, not enforced
	// Pages says how pages are answered: PagesAsk waits for a button, PagesApprove
	// and PagesDeny are for scripts without a browser.
	Pages string
	// Rate is how many calls a second the portal takes, all clients and operations
	// together; 0: any number. Burst is how many at once; a second's worth if 0.
	Rate  float64
	Burst int
	// RetryAfter says in the header of that name when to call again.
	RetryAfter bool
	// KeepRefresh lets refresh tokens be used again; NoRefresh makes none.
	KeepRefresh, NoRefresh bool
	// PageSize is how many are listed a page where a call does not say; 20.
	PageSize int
}

// The answers of pages.
const (
	PagesAsk     = "ask"
	PagesApprove = "approve"
	PagesDeny    = "deny"
)

func defaultSSOSettings() SSOSettings {
	return SSOSettings{Registration: 90 * 24 * time.Hour, AccessToken: time.Hour, Session: 8 * time.Hour, Code: 10 * time.Minute,
		RoleSession: time.Hour, Interval: time.Second, Pages: PagesAsk, PageSize: 20}
}

// SetSSO changes settings, and panics where they make no sense; what was issued before keeps its life.
func (s *Server) SetSSO(edit func(*SSOSettings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.sso.settings
	edit(&changed)
	check(changed.check())
	s.sso.settings = changed
}

func (c SSOSettings) check() error {
	for _, d := range []time.Duration{c.Registration, c.AccessToken, c.Session, c.Code, c.RoleSession} {
		if d < time.Second {
			return fmt.Errorf("a life of %v: at least a second is needed", d)
		}
	}
	switch {
	case c.Pages != PagesAsk && c.Pages != PagesApprove && c.Pages != PagesDeny:
		return fmt.Errorf("pages %q: there are %s, %s, %s", c.Pages, PagesAsk, PagesApprove, PagesDeny)
	case c.PageSize < 1 || c.PageSize > 100:
		return fmt.Errorf("a page size of %d: 1 to 100", c.PageSize)
	case c.Rate < 0 || c.Burst < 0 || c.Interval < 0:
		return errors.New("rate, burst and interval are not negative")
	}
	return nil
}

// SSOCounts are counts since the start, or the last [Server.Reset]. What met a
// fault before it was done, or was refused, is in the log only.
type SSOCounts struct {
	Registrations int            `json:"registrations"`
	Pages         int            `json:"pages"`        // authorize pages opened
	DevicePages   int            `json:"device_pages"` // device pages opened
	Exchanges     map[string]int `json:"exchanges"`    // tokens issued, by grant: authorization_code, device_code, refresh_token
	Credentials   map[string]int `json:"credentials"`  // issued by GetRoleCredentials, by ACCOUNT/ROLE
	Throttled     int            `json:"throttled"`    // calls that the portal's rate refused
}

func newSSOCounts() SSOCounts {
	return SSOCounts{Exchanges: map[string]int{}, Credentials: map[string]int{}}
}

// SSOCounts are the counts so far.
func (s *Server) SSOCounts() SSOCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.sso.counts
	c.Exchanges, c.Credentials = maps.Clone(c.Exchanges), maps.Clone(c.Credentials)
	return c
}

// What [Server.RevokeSSO] can revoke.
const (
	RevokeAccess   = "access"   // access tokens; they can be refreshed
	RevokeRefresh  = "refresh"  // refresh tokens; access tokens live on
	RevokeSessions = "sessions" // sign-ins, with all their tokens
	RevokeClients  = "clients"  // registrations
)

// RevokeSSO makes all that there is of one kind invalid, and says how much that
// was. Credentials of roles live on, as with AWS.
func (s *Server) RevokeSSO(what string) int {
	n, err := s.revoke(what)
	check(err)
	return n
}

func (s *Server) revoke(what string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, n := &s.sso, 0
	switch what {
	case RevokeAccess:
		n = len(st.access)
		clear(st.access)
	case RevokeRefresh:
		n = len(st.refresh)
		clear(st.refresh)
	case RevokeSessions:
		over := map[*portalSession]bool{}
		for _, t := range st.access {
			over[t.session] = true
		}
		for _, t := range st.refresh {
			over[t.session] = true
		}
		n = len(over)
		clear(st.codes)
		clear(st.access)
		clear(st.refresh)
	case RevokeClients:
		n = len(st.clients)
		clear(st.clients)
	default:
		return 0, fmt.Errorf("cannot revoke %q: there are %s, %s, %s, %s", what, RevokeAccess, RevokeRefresh, RevokeSessions, RevokeClients)
	}
	return n, nil
}

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
