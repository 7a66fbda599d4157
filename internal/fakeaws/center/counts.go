package center

import "maps"

// Counts are counts since the start, or the last a reset. What met a
// fault before it was done, or was refused, is in the log only.
type Counts struct {
	Registrations int            `json:"registrations"`
	Pages         int            `json:"pages"`        // authorize pages opened
	DevicePages   int            `json:"device_pages"` // device pages opened
	Exchanges     map[string]int `json:"exchanges"`    // tokens issued, by grant: authorization_code, device_code, refresh_token
	Credentials   map[string]int `json:"credentials"`  // issued by GetRoleCredentials, by ACCOUNT/ROLE
	Throttled     int            `json:"throttled"`    // calls that the portal's rate refused
}

func newCounts() Counts {
	return Counts{Exchanges: map[string]int{}, Credentials: map[string]int{}}
}

// Counts are the counts so far.
func (c *Center) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.counts
	n.Exchanges, n.Credentials = maps.Clone(n.Exchanges), maps.Clone(n.Credentials)
	return n
}

// Count counts something.
func (c *Center) Count(add func(*Counts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add(&c.counts)
}

// ResetCounts begins counting anew.
func (c *Center) ResetCounts() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts = newCounts()
}
