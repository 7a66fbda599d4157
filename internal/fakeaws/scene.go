package fakeaws

import (
	"fmt"
	"slices"
	"strings"
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

// RoleSpec describes an IAM role to add.
type RoleSpec struct {
	Account string `json:"account"`
	Name    string `json:"name"` // may begin with a path: team/Deploy
	// Trusts lists who may assume it: ARNs of users, roles or assumed-role
	// sessions; arn:aws:iam::ACCOUNT:root or the twelve digits for an account,
	// where the caller's own policies decide; "*" for everybody.
	Trusts     []string `json:"trusts"`
	ExternalID string   `json:"external_id,omitempty"`
	RequireMFA bool     `json:"require_mfa,omitempty"`
	// MaxSessionDuration is in seconds, 3600 to 43200; 0 means 3600.
	MaxSessionDuration int `json:"max_session_duration,omitempty"`
	// TagKeys are the session tags it accepts, "*" for all; with none,
	// sts:TagSession is not allowed.
	TagKeys []string `json:"tag_keys,omitempty"`
	// SourceIdentity allows sts:SetSourceIdentity.
	SourceIdentity bool `json:"source_identity,omitempty"`
	// Without lists actions that its sessions are not allowed; Admin lets them
	// act on the users of the account.
	Without []string `json:"without,omitempty"`
	Admin   bool     `json:"admin,omitempty"`
}

type user struct {
	spec    UserSpec
	arn, id string
	since   time.Time
	keys    []*accessKey
	mfa     *device
}

type accessKey struct {
	id      string
	secret  fob.Secret
	owner   *user
	active  bool
	since   time.Time
	visible time.Time // until then no service knows it
	used    time.Time
	region  string
	service string
}

type role struct {
	spec    RoleSpec
	arn, id string
}

// Partition, as the scene's ARNs name it.
func (s *Server) iamARN(account, resource string) string {
	return "arn:" + s.partition + ":iam::" + account + ":" + resource
}

func checkAccount(account string) error {
	if len(account) != 12 || strings.Trim(account, "0123456789") != "" {
		return fmt.Errorf("account %q is not twelve digits", account)
	}
	return nil
}

// check panics: a wrong scene is a wrong test.
func check(err error) {
	if err != nil {
		panic("fakeaws: " + err.Error())
	}
}

// AddUser adds a user with active keys. It panics if the spec is no user's.
func (s *Server) AddUser(spec UserSpec) User {
	u, err := s.addUser(spec)
	check(err)
	return u
}

func (s *Server) addUser(spec UserSpec) (User, error) {
	if err := checkAccount(spec.Account); err != nil {
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
	now := s.Now()
	u := &user{spec: spec, arn: s.iamARN(spec.Account, "user/"+spec.Name), id: newUniqueID("AIDA"), since: now}
	serial := s.iamARN(spec.Account, "mfa/"+spec.Name)
	if spec.Root {
		u.arn, u.id = s.iamARN(spec.Account, "root"), spec.Account
		serial = s.iamARN(spec.Account, "mfa/root-account-mfa-device")
	}
	if s.users[u.arn] != nil {
		return User{}, fmt.Errorf("user %s exists already", u.arn)
	}
	if spec.MFA {
		u.mfa = &device{serial: serial, seed: newSeed(), since: now, used: map[int64]bool{}}
	}
	for range max(spec.Keys, 1) {
		s.addKey(u, now)
	}
	s.users[u.arn] = u
	return u.view(), nil
}

func (s *Server) addKey(u *user, visible time.Time) *accessKey {
	k := &accessKey{id: newKeyID("AKIA", u.spec.Account), secret: newSecretKey(), owner: u, active: true, since: s.Now(), visible: visible}
	u.keys = append(u.keys, k)
	s.keys[k.id] = k
	return k
}

func (u *user) view() User {
	v := User{Account: u.spec.Account, Name: u.spec.Name, ARN: u.arn, ID: u.id}
	for _, k := range u.keys {
		v.Keys = append(v.Keys, fob.Credentials{AccessKeyID: k.id, SecretAccessKey: k.secret, AccountID: v.Account})
	}
	v.Credentials = v.Keys[0]
	if u.mfa != nil {
		v.MFASerial, v.MFASeed = u.mfa.serial, u.mfa.seed
	}
	return v
}

// AddRole adds a role and returns its ARN. It panics if the spec is no role's.
func (s *Server) AddRole(spec RoleSpec) string {
	arn, err := s.addRole(spec)
	check(err)
	return arn
}

func (s *Server) addRole(spec RoleSpec) (string, error) {
	if err := checkAccount(spec.Account); err != nil {
		return "", err
	}
	if spec.MaxSessionDuration == 0 {
		spec.MaxSessionDuration = 3600
	}
	if spec.Name == "" || spec.MaxSessionDuration < 3600 || spec.MaxSessionDuration > 43200 {
		return "", fmt.Errorf("role %q: needs a name, and a max_session_duration of 3600 to 43200 seconds", spec.Name)
	}
	for i, t := range spec.Trusts {
		if checkAccount(t) == nil {
			spec.Trusts = slices.Clone(spec.Trusts)
			spec.Trusts[i] = s.iamARN(t, "root")
		} else if t != "*" && !strings.HasPrefix(t, "arn:"+s.partition+":") {
			return "", fmt.Errorf("role %q: trusts %q, which is no account or ARN of partition %s", spec.Name, t, s.partition)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &role{spec: spec, arn: s.iamARN(spec.Account, "role/"+spec.Name), id: newUniqueID("AROA")}
	s.roles[r.arn] = r
	return r.arn, nil
}

// SetAlias gives an account its alias; an empty one removes it.
func (s *Server) SetAlias(account, alias string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aliases[account] = alias
}

// SetKeyActive activates or deactivates an access key.
func (s *Server) SetKeyActive(accessKeyID string, active bool) error {
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
func (s *Server) DeleteKey(accessKeyID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[accessKeyID]
	if k == nil {
		return fmt.Errorf("no access key %q", accessKeyID)
	}
	s.dropKey(k)
	return nil
}

func (s *Server) dropKey(k *accessKey) {
	delete(s.keys, k.id)
	k.owner.keys = slices.DeleteFunc(k.owner.keys, func(o *accessKey) bool { return o == k })
}

// Code is a code of an MFA device that is valid now and was not used yet. When
// the three that are valid are used up, advance the clock.
func (s *Server) Code(serial string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		if u.mfa == nil || u.mfa.serial != serial {
			continue
		}
		if code, ok := u.mfa.unused(s.Now()); ok {
			return code, nil
		}
		return "", fmt.Errorf("all codes of %s that are valid now were used: advance the clock by 30 seconds", serial)
	}
	return "", fmt.Errorf("no MFA device %q", serial)
}
