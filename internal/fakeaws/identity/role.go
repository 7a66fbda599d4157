package identity

import (
	"fmt"
	"slices"
	"strings"

	"fob/internal/fakeaws/wire"
)

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

// Role is a role as the services see it.
type Role struct {
	Spec    RoleSpec
	ARN, ID string
}

// AddRole adds a role and returns its ARN.
func (s *Store) AddRole(spec RoleSpec) (string, error) {
	if err := wire.CheckAccount(spec.Account); err != nil {
		return "", err
	}
	if spec.MaxSessionDuration == 0 {
		spec.MaxSessionDuration = 3600
	}
	if spec.Name == "" || spec.MaxSessionDuration < 3600 || spec.MaxSessionDuration > 43200 {
		return "", fmt.Errorf("role %q: needs a name, and a max_session_duration of 3600 to 43200 seconds", spec.Name)
	}
	for i, t := range spec.Trusts {
		if wire.CheckAccount(t) == nil {
			spec.Trusts = slices.Clone(spec.Trusts)
			spec.Trusts[i] = s.ARN(t, "root")
		} else if t != "*" && !strings.HasPrefix(t, "arn:"+s.partition+":") {
			return "", fmt.Errorf("role %q: trusts %q, which is no account or ARN of partition %s", spec.Name, t, s.partition)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &Role{Spec: spec, ARN: s.ARN(spec.Account, "role/"+spec.Name), ID: NewID("AROA")}
	s.roles[r.ARN] = r
	return r.ARN, nil
}

// EnsureRole adds a role that a service of AWS keeps in an account, unless it is
// there already.
func (s *Store) EnsureRole(spec RoleSpec) *Role {
	s.mu.Lock()
	defer s.mu.Unlock()
	arn := s.ARN(spec.Account, "role/"+spec.Name)
	if s.roles[arn] == nil {
		s.roles[arn] = &Role{Spec: spec, ARN: arn, ID: NewID("AROA")}
	}
	return s.roles[arn]
}

// Trusts reports whether a role's trust policy names the caller, and whether by
// its own ARN, which within an account is as good as a policy of the caller's.
func (r *Role) Trusts(c *Caller) (trusted, byName bool) {
	for _, arn := range c.principals() {
		if slices.Contains(r.Spec.Trusts, arn) {
			return true, c.Account() == r.Spec.Account
		}
	}
	account := c.store.ARN(c.Account(), "root")
	return slices.Contains(r.Spec.Trusts, account) || slices.Contains(r.Spec.Trusts, "*"), false
}
