package identity

import (
	"fmt"
	"time"

	"fob/internal/fakeaws/wire"
	"fob/internal/fob"
)

// UserSpec describes an IAM user to add.
type UserSpec struct {
	Account string `json:"account"`
	Name    string `json:"name"`
	Keys    int    `json:"keys,omitempty"` // access keys, 1 or 2; 0 means 1
	MFA     bool   `json:"mfa,omitempty"`  // has a virtual MFA device, called as the user
	// Devices names more MFA devices. A user may have eight in all.
	Devices []string `json:"devices,omitempty"`
	// Root makes it the account's root user; Name and Policies are not used then.
	Root bool `json:"root,omitempty"`
	// Policies say what it may do: documents, and ARNs of managed policies, of
	// AWS's or of [Store.AddPolicy]. Without any it has [OwnPolicy].
	Policies []string `json:"policies,omitempty"`
}

// User is an IAM user as it was added.
type User struct {
	Account, Name, ARN, ID string
	Credentials            fob.Credentials   // of the first key
	Keys                   []fob.Credentials // all of them
	MFASerial              string            // of the first device; empty without one
	MFASeed                fob.Secret        // base32
	Devices                []MFADevice       // all of them
}

// MFADevice is a device of a user, with its secret.
type MFADevice struct {
	Serial string
	Seed   fob.Secret // base32
}

// IAMUser is a user as the services see it.
type IAMUser struct {
	Spec     UserSpec
	ARN, ID  string
	Since    time.Time
	Devices  []*Device
	keys     []*accessKey
	policies []policy
}

const (
	keysPerUser    = 2 // quotas of IAM that cannot be raised
	devicesPerUser = 8
)

// AddUser adds a user with active keys.
func (s *Store) AddUser(spec UserSpec) (User, error) {
	if err := wire.CheckAccount(spec.Account); err != nil {
		return User{}, err
	}
	if spec.Root {
		spec.Name = "root"
	}
	if spec.Name == "" || spec.Keys > keysPerUser || spec.Keys < 0 || !wire.Wordy("+=,.@-").OK(spec.Name) {
		return User{}, fmt.Errorf("user %q: needs a name, and at most %d keys", spec.Name, keysPerUser)
	}
	policies, err := s.attached(spec.Account, spec.Policies)
	if err != nil {
		return User{}, fmt.Errorf("user %q: %w", spec.Name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	u := &IAMUser{Spec: spec, ARN: s.ARN(spec.Account, "user/"+spec.Name), ID: NewID("AIDA"), Since: now, policies: policies}
	names := spec.Devices
	if spec.MFA {
		names = append([]string{spec.Name}, names...)
	}
	if spec.Root {
		u.ARN, u.ID = s.ARN(spec.Account, "root"), spec.Account
	}
	if s.users[u.ARN] != nil {
		return User{}, fmt.Errorf("user %s exists already", u.ARN)
	}
	for i, name := range names {
		if spec.Root && spec.MFA && i == 0 {
			name = "root-account-mfa-device"
		}
		if err := s.addDevice(u, name); err != nil {
			return User{}, err
		}
	}
	for range max(spec.Keys, 1) {
		s.addKey(u, time.Time{})
	}
	s.users[u.ARN] = u
	return u.view(), nil
}

func (u *IAMUser) view() User {
	v := User{Account: u.Spec.Account, Name: u.Spec.Name, ARN: u.ARN, ID: u.ID}
	for _, k := range u.keys {
		v.Keys = append(v.Keys, fob.Credentials{AccessKeyID: k.id, SecretAccessKey: k.secret, AccountID: v.Account})
	}
	v.Credentials = v.Keys[0]
	for _, d := range u.Devices {
		v.Devices = append(v.Devices, MFADevice{d.Serial, d.seed})
	}
	if len(v.Devices) > 0 {
		v.MFASerial, v.MFASeed = v.Devices[0].Serial, v.Devices[0].Seed
	}
	return v
}
