// Package identity has who there is in the fake's accounts (users with their keys
// and MFA devices, roles, sessions) and what they may do.
package identity

import (
	"fmt"
	"sync"
	"time"

	"fob/internal/fakeaws/clock"
	regions "fob/internal/fakeaws/region"
	"fob/internal/fakeaws/verify"
	"fob/internal/fakeaws/wire"
)

// Store has all identities. It is safe for concurrent use. What it hands out does
// not change, except through it.
type Store struct {
	partition string
	clock     *clock.Clock

	mu       sync.Mutex // guards all below, and keys and devices of users
	keyDelay time.Duration
	users    map[string]*IAMUser // by ARN
	roles    map[string]*Role    // by ARN
	keys     map[string]*accessKey
	sessions map[string]*Session
	aliases  map[string]string
	devices  map[string]*Device // by serial
	policies map[string]policy  // managed by accounts, by ARN
	regions  map[[2]string]bool // turned on or off, by account and region
}

// New is a store with nobody in it. All accounts are of one partition.
func New(partition string, c *clock.Clock) *Store {
	return &Store{
		partition: partition, clock: c,
		users: map[string]*IAMUser{}, roles: map[string]*Role{}, keys: map[string]*accessKey{},
		sessions: map[string]*Session{}, aliases: map[string]string{}, devices: map[string]*Device{}, policies: map[string]policy{}, regions: map[[2]string]bool{},
	}
}

// Partition of all accounts.
func (s *Store) Partition() string { return s.partition }

// ARN is the ARN of something of IAM: user/jane, role/Deploy, root.
func (s *Store) ARN(account, resource string) string {
	return "arn:" + s.partition + ":iam::" + account + ":" + resource
}

// SetKeyDelay sets how long a key from CreateAccessKey stays unknown, as with
// AWS's eventual consistency.
func (s *Store) SetKeyDelay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keyDelay = d
}

// SetAlias gives an account its alias; an empty one removes it.
func (s *Store) SetAlias(account, alias string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aliases[account] = alias
}

// Alias of an account; empty if it has none.
func (s *Store) Alias(account string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.aliases[account]
}

// SetRegion turns a region on or off for an account: opt-in regions are off, and of
// the others an administrator may have turned off STS.
func (s *Store) SetRegion(account, region string, on bool) error {
	if err := wire.CheckAccount(account); err != nil {
		return err
	}
	if !regions.In(s.partition, region) {
		return fmt.Errorf("partition %s has no region %q", s.partition, region)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.regions[[2]string{account, region}] = on
	return nil
}

// RegionOn reports whether an account can use a region.
func (s *Store) RegionOn(account, region string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	on, set := s.regions[[2]string{account, region}]
	return on || !set && !regions.OptIn(region)
}

// Verifier checks requests to any service against the keys and sessions of the
// store. Region and Service may be set on it.
func (s *Store) Verifier() verify.Verifier { return verify.Verifier{Now: s.clock.Now, Key: s.Lookup} }

// Lookup gives the key, of a user or of a session, if it is active and every
// service knows it already.
func (s *Store) Lookup(id string) (verify.Key, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.keys[id]; k != nil {
		return verify.Key{Secret: k.secret}, k.active && !s.clock.Elapsed().Before(k.visible)
	}
	if ses := s.sessions[id]; ses != nil {
		return verify.Key{Secret: ses.Secret, Token: ses.Token, Expires: ses.Expires}, true
	}
	return verify.Key{}, false
}

// Authenticate checks a request's signature, which must be for the service and
// region unless they are empty, and finds whose it is.
func (s *Store) Authenticate(r *wire.Request, service, region string) (*Caller, verify.Signature, error) {
	v := s.Verifier()
	v.Service, v.Region = service, region
	sig, err := v.Verify(r.HTTP, r.Body)
	if err != nil {
		return nil, sig, err
	}
	return s.Caller(sig), sig, nil
}

// Caller is whose a verified signature is, and notes the key's use.
func (s *Store) Caller(sig verify.Signature) *Caller {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ses := s.sessions[sig.AccessKeyID]; ses != nil {
		return &Caller{User: ses.User, Session: ses, store: s, region: sig.Region}
	}
	k := s.keys[sig.AccessKeyID]
	k.used, k.region, k.service = s.clock.Now(), sig.Region, sig.Service
	return &Caller{User: k.owner, store: s, region: sig.Region}
}

// Issue completes a session with credentials and remembers it.
func (s *Store) Issue(ses Session, lasts time.Duration) *Session {
	ses.KeyID = newKeyID("ASIA", ses.Account)
	ses.Secret, ses.Token = newSecretKey(), newToken()
	ses.Expires = s.clock.Now().Add(s.clock.Capped(lasts)).UTC().Truncate(time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[ses.KeyID] = &ses
	return &ses
}

// Session finds a session by its access key id; nil if there is none.
func (s *Store) Session(keyID string) *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[keyID]
}

// User finds a user by account and name; nil if there is none.
func (s *Store) User(account, name string) *IAMUser {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[s.ARN(account, "user/"+name)]
}

// Role finds a role by its ARN; nil if there is none.
func (s *Store) Role(arn string) *Role {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roles[arn]
}

// Code is a code of an MFA device that is valid now and was not used yet. When
// the three that are valid are used up, advance the clock.
func (s *Store) Code(serial string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[serial]
	if d == nil {
		return "", fmt.Errorf("no MFA device %q", serial)
	}
	code, ok := d.unused(s.clock.Now())
	if !ok {
		return "", fmt.Errorf("all codes of %s that are valid now were used: advance the clock by 30 seconds", serial)
	}
	return code, nil
}
