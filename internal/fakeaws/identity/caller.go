package identity

import (
	"slices"

	"fob/internal/fakeaws/wire"
)

// Caller is who signed a request: a user with its own key, or a session.
type Caller struct {
	User    *IAMUser // nil for sessions of roles and of federated users
	Session *Session // nil for a user's own key
	store   *Store
}

// Temporary reports whether the credentials are.
func (c *Caller) Temporary() bool { return c.Session != nil }

// Is reports whether they are a session of a kind.
func (c *Caller) Is(kind SessionKind) bool { return c.Session != nil && c.Session.Kind == kind }

// Root reports whether it is the account's root user.
func (c *Caller) Root() bool { return c.User != nil && c.User.Spec.Root }

// MFA reports whether the session was opened with a code.
func (c *Caller) MFA() bool { return c.Session != nil && c.Session.MFA }

// ARN as GetCallerIdentity tells it.
func (c *Caller) ARN() string {
	if c.Session != nil {
		return c.Session.ARN
	}
	return c.User.ARN
}

// ID as GetCallerIdentity tells it, as UserId.
func (c *Caller) ID() string {
	if c.Session != nil {
		return c.Session.ID
	}
	return c.User.ID
}

// Account that the caller is in.
func (c *Caller) Account() string {
	if c.Session != nil {
		return c.Session.Account
	}
	return c.User.Spec.Account
}

// principals are the ARNs by which a trust policy may name the caller itself.
func (c *Caller) principals() []string {
	if c.Session != nil && c.Session.Role != nil {
		return []string{c.Session.ARN, c.Session.Role.ARN}
	}
	return []string{c.ARN()}
}

// Permits asks the caller's own policies for an action, mfa saying whether the
// request has MFA. The answer tells an explicit deny from a missing allow, since
// a resource's policy can make up for the second only.
func (c *Caller) Permits(action string, mfa bool) (allowed, denied bool) {
	var without []string
	switch {
	case c.User != nil:
		without = c.User.Spec.Without
		exempt := []string{"sts:GetSessionToken", "iam:GetUser", "iam:ListMFADevices"}
		if c.User.Spec.EnforceMFA && !mfa && !slices.Contains(exempt, action) {
			return false, true
		}
	case c.Session.Role != nil:
		without = c.Session.Role.Spec.Without
	default:
		return false, false // federated users: no session policy here grants anything
	}
	return !slices.Contains(without, action), false
}

// Authorize refuses an action on a resource that the caller's own policies do not
// allow. The resource is as AWS names it in the text: an ARN, *, or user jane.
func (c *Caller) Authorize(action, resource string) error {
	if allowed, explicit := c.Permits(action, c.MFA()); !allowed {
		return NotAuthorized(c, action, resource, explicit)
	}
	return nil
}

// NotAuthorized is AWS's text for a missing or denied permission.
func NotAuthorized(c *Caller, action, resource string, explicit bool) error {
	text := "User: " + c.ARN() + " is not authorized to perform: " + action + " on resource: " + resource
	if explicit {
		text += " with an explicit deny in an identity-based policy"
	}
	return wire.Denied(text)
}
