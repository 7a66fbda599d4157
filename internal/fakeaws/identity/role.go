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
	// Policies say what its sessions may do, as those of a user.
	Policies []string `json:"policies,omitempty"`
}

// Role is a role as the services see it.
type Role struct {
	Spec     RoleSpec
	ARN, ID  string
	policies []policy
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
	policies, err := s.attached(spec.Account, spec.Policies)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &Role{Spec: spec, ARN: s.ARN(spec.Account, "role/"+spec.Name), ID: NewID("AROA"), policies: policies}
	s.roles[r.ARN] = r
	return r.ARN, nil
}

// EnsureRole adds a role that a service of AWS keeps in an account, unless it is
// there already.
func (s *Store) EnsureRole(spec RoleSpec) (*Role, error) {
	arn := s.ARN(spec.Account, "role/"+spec.Name)
	if r := s.Role(arn); r != nil {
		return r, nil
	}
	if _, err := s.AddRole(spec); err != nil {
		return nil, err
	}
	return s.Role(arn), nil
}

// Trust is whether a role's trust policy names a caller, and how.
type Trust int

// What a trust policy can say of a caller. Within one account, naming somebody is
// as good as a policy of theirs; but naming a role does not widen what a session
// of it was narrowed to.
const (
	NoTrust      Trust = iota
	AccountTrust       // by account: the caller's own policies must allow it too
	RoleTrust          // by the ARN of the caller's role, same account
	NamedTrust         // by the ARN of the user or session itself, same account
)

// Trusts asks a role's trust policy about a caller.
func (r *Role) Trusts(c *Caller) Trust {
	named := NoTrust
	switch {
	case slices.Contains(r.Spec.Trusts, c.ARN()):
		named = NamedTrust
	case c.Session != nil && c.Session.Role != nil && slices.Contains(r.Spec.Trusts, c.Session.Role.ARN):
		named = RoleTrust
	case slices.Contains(r.Spec.Trusts, c.store.ARN(c.Account(), "root")), slices.Contains(r.Spec.Trusts, "*"):
		return AccountTrust
	}
	if named != NoTrust && c.Account() != r.Spec.Account {
		return AccountTrust
	}
	return named
}

// Grants reports whether the trust and the caller's own policies together let it
// assume the role.
func (t Trust) Grants(d Decision) bool {
	identity, session := d.Identity || t >= RoleTrust, d.Session || t == NamedTrust
	return t != NoTrust && d.Denied == "" && identity && session
}
