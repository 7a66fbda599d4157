package identity

import (
	"slices"
	"strings"
	"time"

	"fob/internal/fob"
)

// SessionKind is one of the kinds of temporary credentials, which differ in what they may do next.
type SessionKind int

const (
	UserSession SessionKind = iota // GetSessionToken
	RoleSession                    // AssumeRole
	Federation                     // GetFederationToken
)

// Session is a set of temporary credentials.
type Session struct {
	Kind           SessionKind
	KeyID          string
	Secret, Token  fob.Secret
	Expires        time.Time
	Account        string
	ARN, ID        string   // as GetCallerIdentity shows them
	User           *IAMUser // of a user's session
	Federator      *IAMUser // who opened a federated user's session
	Role           *Role    // of a role's session
	MFA            bool
	Policies       SessionPolicies
	Chained        bool // a role's, assumed with another session
	Tags           []Tag
	Transitive     []string // keys of tags that pass on
	SourceIdentity string
}

// Tag is a session tag; keys compare without case.
type Tag struct{ Key, Value string }

// FindTag is the index of a key's tag, or -1.
func FindTag(tags []Tag, key string) int {
	return slices.IndexFunc(tags, func(t Tag) bool { return strings.EqualFold(t.Key, key) })
}
