package identity

import (
	"fmt"
	"time"

	"fob/internal/fakeaws/wire"
	"fob/internal/fob"
)

// UserSpec describes an IAM user to add. Its policies are coarse: it may do all
// that the fake knows on itself, and assume what trusts it, except as said here.
type UserSpec struct {
	Account string `json:"account"`
	Name    string `json:"name"`
	Keys    int    `json:"keys,omitempty"` // access keys, 1 or 2; 0 means 1
	MFA     bool   `json:"mfa,omitempty"`  // has a virtual MFA device
	// Root makes it the account's root user; Name is not used then.
	Root bool `json:"root,omitempty"`
	// Admin may act on other users of its account.
	Admin bool `json:"admin,omitempty"`
	// Without lists actions that no policy allows, such as sts:AssumeRole.
	Without []string `json:"without,omitempty"`
	// EnforceMFA attaches the policy of AWS's manual that denies nearly all
	// without MFA (aws:MultiFactorAuthPresent).
	EnforceMFA bool `json:"enforce_mfa,omitempty"`
}

// User is an IAM user as it was added.
type User struct {
	Account, Name, ARN, ID string
	Credentials            fob.Credentials   // of the first key
	Keys                   []fob.Credentials // all of them
	MFASerial              string            // empty without a device
	MFASeed                fob.Secret        // base32
}

// IAMUser is a user as the services see it.
type IAMUser struct {
	Spec    UserSpec
	ARN, ID string
	Since   time.Time
	keys    []*accessKey
	Devices []*Device
}

// AddUser adds a user with active keys.
func (s *Store) AddUser(spec UserSpec) (User, error) {
	if err := wire.CheckAccount(spec.Account); err != nil {
		return User{}, err
	}
	if spec.Root {
		spec.Name = "root"
	}
	if spec.Name == "" || spec.Keys > 2 || spec.Keys < 0 || !wire.Wordy("+=,.@-").OK(spec.Name) {
		return User{}, fmt.Errorf("user %q: needs a name, and at most 2 keys", spec.Name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	u := &IAMUser{Spec: spec, ARN: s.ARN(spec.Account, "user/"+spec.Name), ID: NewID("AIDA"), Since: now}
	serial := s.ARN(spec.Account, "mfa/"+spec.Name)
	if spec.Root {
		u.ARN, u.ID = s.ARN(spec.Account, "root"), spec.Account
		serial = s.ARN(spec.Account, "mfa/root-account-mfa-device")
	}
	if s.users[u.ARN] != nil {
		return User{}, fmt.Errorf("user %s exists already", u.ARN)
	}
	if spec.MFA {
		u.Devices = append(u.Devices, &Device{Serial: serial, seed: newSeed(), Since: now, used: map[int64]bool{}})
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
	if len(u.Devices) > 0 {
		v.MFASerial, v.MFASeed = u.Devices[0].Serial, u.Devices[0].seed
	}
	return v
}
