package identity

import (
	"fmt"
	"slices"
	"time"

	"fob/internal/fob"
)

type accessKey struct {
	id      string
	secret  fob.Secret
	owner   *IAMUser
	active  bool
	since   time.Time
	visible time.Time // until then, by the clock's Elapsed, no service knows it
	used    time.Time
	region  string
	service string
}

// AccessKey is what IAM tells of an access key.
type AccessKey struct {
	ID              string
	Owner           *IAMUser
	Active          bool
	Since           time.Time
	Used            time.Time // zero: never
	Service, Region string    // of the last use
}

// Status as IAM names it.
func (k AccessKey) Status() string {
	if k.Active {
		return "Active"
	}
	return "Inactive"
}

func (k *accessKey) view() AccessKey {
	return AccessKey{ID: k.id, Owner: k.owner, Active: k.active, Since: k.since, Used: k.used, Service: k.service, Region: k.region}
}

// Keys are a user's access keys, the oldest first.
func (s *Store) Keys(u *IAMUser) []AccessKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]AccessKey, len(u.keys))
	for i, k := range u.keys {
		list[i] = k.view()
	}
	return list
}

// Key finds an access key by its id.
func (s *Store) Key(id string) (AccessKey, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[id]
	if k == nil {
		return AccessKey{}, false
	}
	return k.view(), true
}

// CreateKey gives a user one more key, unless it has all that it may have. The
// services learn of it late.
func (s *Store) CreateKey(u *IAMUser) (k AccessKey, secret fob.Secret, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(u.keys) >= keysPerUser {
		return AccessKey{}, fob.Secret{}, false
	}
	made := s.addKey(u, s.clock.Elapsed().Add(s.keyDelay))
	return made.view(), made.secret, true
}

func (s *Store) addKey(u *IAMUser, visible time.Time) *accessKey {
	k := &accessKey{id: newKeyID("AKIA", u.Spec.Account), secret: newSecretKey(), owner: u, active: true, since: s.clock.Now(), visible: visible}
	u.keys = append(u.keys, k)
	s.keys[k.id] = k
	return k
}

// SetKeyActive activates or deactivates an access key.
func (s *Store) SetKeyActive(accessKeyID string, active bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[accessKeyID]
	if k == nil {
		return fmt.Errorf("no access key %q", accessKeyID)
	}
	k.active = active
	return nil
}

// DeleteKey deletes an access key, as another administrator would.
func (s *Store) DeleteKey(accessKeyID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[accessKeyID]
	if k == nil {
		return fmt.Errorf("no access key %q", accessKeyID)
	}
	delete(s.keys, k.id)
	k.owner.keys = slices.DeleteFunc(k.owner.keys, func(o *accessKey) bool { return o == k })
	return nil
}
