package fakeaws

import (
	"slices"
	"strings"
	"time"

	"fob/internal/fakeaws/verify"
	"fob/internal/fakeaws/wire"
	"fob/internal/fob"
)

// The kinds of temporary credentials, which differ in what they may do next.
type sessionKind int

const (
	userSession sessionKind = iota // GetSessionToken
	roleSession                    // AssumeRole
	federation                     // GetFederationToken
)

// session is a set of temporary credentials.
type session struct {
	kind           sessionKind
	keyID          string
	secret, token  fob.Secret
	expires        time.Time
	account        string
	arn, id        string // as GetCallerIdentity shows them
	user           *user  // of a user's session
	role           *role  // of a role's session
	mfa            bool
	narrowed       bool // a federated user's, with a session policy
	chained        bool // a role's, assumed with another session
	tags           []tag
	transitive     []string // keys of tags that pass on
	sourceIdentity string
}

// tag is a session tag; keys compare without case.
type tag struct{ key, value string }

func findTag(tags []tag, key string) int {
	return slices.IndexFunc(tags, func(t tag) bool { return strings.EqualFold(t.key, key) })
}

// issue completes a session with credentials and remembers it.
func (s *Server) issue(ses session, lasts time.Duration) *session {
	ses.keyID = newKeyID("ASIA", ses.account)
	ses.secret, ses.token = newSecretKey(), newToken()
	ses.expires = s.Now().Add(s.capped(lasts)).UTC().Truncate(time.Second)
	s.sessions[ses.keyID] = &ses
	return &ses
}

// caller is who signed a request: a user with its own key, or a session.
type caller struct {
	user    *user    // nil for sessions of roles and of federated users
	session *session // nil for a user's own key
}

func (c *caller) temporary() bool          { return c.session != nil }
func (c *caller) is(kind sessionKind) bool { return c.session != nil && c.session.kind == kind }
func (c *caller) root() bool               { return c.user != nil && c.user.spec.Root }
func (c *caller) mfa() bool                { return c.session != nil && c.session.mfa }

func (c *caller) arn() string {
	if c.session != nil {
		return c.session.arn
	}
	return c.user.arn
}

func (c *caller) id() string {
	if c.session != nil {
		return c.session.id
	}
	return c.user.id
}

func (c *caller) account() string {
	if c.session != nil {
		return c.session.account
	}
	return c.user.spec.Account
}

// principals are the ARNs by which a trust policy may name the caller itself.
func (c *caller) principals() []string {
	if c.session != nil && c.session.role != nil {
		return []string{c.session.arn, c.session.role.arn}
	}
	return []string{c.arn()}
}

// permits asks the caller's own policies for an action, mfa saying whether the
// request has MFA. The answer tells an explicit deny from a missing allow, since
// a resource's policy can make up for the second only.
func (c *caller) permits(action string, mfa bool) (allowed, denied bool) {
	var without []string
	switch {
	case c.user != nil:
		without = c.user.spec.Without
		exempt := []string{"sts:GetSessionToken", "iam:GetUser", "iam:ListMFADevices"}
		if c.user.spec.EnforceMFA && !mfa && !slices.Contains(exempt, action) {
			return false, true
		}
	case c.session.role != nil:
		without = c.session.role.spec.Without
	default:
		return false, false // federated users: no session policy here grants anything
	}
	return !slices.Contains(without, action), false
}

// notAuthorized is AWS's text for a missing or denied permission.
func notAuthorized(c *caller, action, resource string, explicit bool) error {
	text := "User: " + c.arn() + " is not authorized to perform: " + action + " on resource: " + resource
	if explicit {
		text += " with an explicit deny in an identity-based policy"
	}
	return wire.Denied(text)
}

// lookup gives a verifier the key, of a user or of a session, if it is active
// and every service knows it already.
func (s *Server) lookup(id string) (verify.Key, bool) {
	if k := s.keys[id]; k != nil {
		return verify.Key{Secret: k.secret}, k.active && !s.Now().Before(k.visible)
	}
	if ses := s.sessions[id]; ses != nil {
		return verify.Key{Secret: ses.secret, Token: ses.token, Expires: ses.expires}, true
	}
	return verify.Key{}, false
}

// callerOf finds who a verified signature belongs to, and notes the key's use.
func (s *Server) callerOf(sig verify.Signature) *caller {
	if k := s.keys[sig.AccessKeyID]; k != nil {
		k.used, k.region, k.service = s.Now(), sig.Region, sig.Service
		return &caller{user: k.owner}
	}
	ses := s.sessions[sig.AccessKeyID]
	return &caller{user: ses.user, session: ses}
}
