package center

import (
	"errors"
	"fmt"
	"time"
)

// Settings are what can be set about sign-in and the portal.
type Settings struct {
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

func standard() Settings {
	return Settings{Registration: 90 * 24 * time.Hour, AccessToken: time.Hour, Session: 8 * time.Hour, Code: 10 * time.Minute,
		RoleSession: time.Hour, Interval: time.Second, Pages: PagesAsk, PageSize: 20}
}

// Settings are those of now.
func (c *Center) Settings() Settings {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settings
}

// Set changes settings, unless they make no sense; what was issued before keeps
// its life.
func (c *Center) Set(edit func(*Settings)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed := c.settings
	edit(&changed)
	if err := changed.check(); err != nil {
		return err
	}
	c.settings = changed
	return nil
}

func (c Settings) check() error {
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
