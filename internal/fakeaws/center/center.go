// Package center has what IAM Identity Center knows: instances with their accounts
// and roles, who is signed in, and the settings and counts of tests. The services
// that tell of it are oidc (sign-in) and portal (what a signed-in user may open).
package center

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"fob/internal/fakeaws/clock"
	"fob/internal/fakeaws/random"
)

// Center is safe for concurrent use.
type Center struct {
	clock *clock.Clock

	mu        sync.Mutex // guards all below
	instances []*Instance
	settings  Settings
	counts    Counts
	signIns   []*SignIn
	access    map[string]*Access // by token
}

// New is a center without an instance.
func New(c *clock.Clock) *Center {
	return &Center{clock: c, settings: standard(), counts: newCounts(), access: map[string]*Access{}}
}

// SignIn is a sign-in of an instance's user: all tokens that come from it die with it.
type SignIn struct {
	Instance *Instance
	Ends     time.Time
	center   *Center
	over     bool
}

// SignIn opens one.
func (c *Center) SignIn(i *Instance) *SignIn {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &SignIn{Instance: i, Ends: c.clock.Now().Add(c.settings.Session), center: c}
	c.signIns = append(c.signIns, s)
	return s
}

// Live reports whether its tokens are still good.
func (s *SignIn) Live() bool {
	s.center.mu.Lock()
	defer s.center.mu.Unlock()
	return s.live()
}

func (s *SignIn) live() bool { return !s.over && s.center.clock.Now().Before(s.Ends) }

// End ends it. Credentials of roles live on, as with AWS.
func (s *SignIn) End() {
	s.center.mu.Lock()
	defer s.center.mu.Unlock()
	s.over = true
}

// EndSignIns ends all sign-ins and says how many there were.
func (c *Center) EndSignIns() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, s := range c.signIns {
		if s.live() {
			n++
		}
		s.over = true
	}
	return n
}

// Access is an access token.
type Access struct {
	*SignIn
	Scopes  []string
	Expires time.Time
}

// IssueAccess makes an access token of a sign-in.
func (c *Center) IssueAccess(s *SignIn, scopes []string, expires time.Time) string {
	token := "aoaAAAAA" + random.Text(random.URL, 16) + random.Marker + random.Text(random.URL, 160)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.access[token] = &Access{s, scopes, expires}
	return token
}

// Access finds an access token that is good; nil if it is not.
func (c *Center) Access(token string) *Access {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.access[token]
	if a == nil || !a.live() || !c.clock.Now().Before(a.Expires) {
		return nil
	}
	return a
}

// RevokeAccess makes all access tokens invalid and says how many there were.
func (c *Center) RevokeAccess() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.access)
	clear(c.access)
	return n
}

// AddInstance adds an instance.
func (c *Center) AddInstance(spec InstanceSpec) (*Instance, error) {
	i, err := newInstance(spec)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.ContainsFunc(c.instances, func(o *Instance) bool { return o.spec.StartURL == i.spec.StartURL }) {
		return nil, fmt.Errorf("an instance has the start URL %s already", i.spec.StartURL)
	}
	c.instances = append(c.instances, i)
	return i, nil
}

// Instance finds an instance by its start URL as it was added; the first, where
// the URL is empty.
func (c *Center) Instance(start string) (*Instance, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, i := range c.instances {
		if start == "" || i.spec.StartURL == plainURL(start) {
			return i, nil
		}
	}
	return nil, fmt.Errorf("no instance has the start URL %q", start)
}

// InstanceAt finds the instance of a start URL, as a request's sender wrote it to
// the fake at base, an endpoint of a region; nil if there is none. Only its own
// region knows an instance; an empty region is all of them.
func (c *Center) InstanceAt(base, region, start string) *Instance {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, i := range c.instances {
		if plainURL(start) == i.StartURL(base) && (region == "" || region == i.spec.Region) {
			return i
		}
	}
	return nil
}
