package identity

import (
	"strconv"
	"strings"

	"fob/internal/fakeaws/wire"
)

// Caller is who signed a request: a user with its own key, or a session.
type Caller struct {
	User    *IAMUser // nil for sessions of roles and of federated users
	Session *Session // nil for a user's own key
	store   *Store
	region  string // that the request was signed for
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

// Decision is what a caller's own policies say of an action.
type Decision struct {
	Denied   string // the kind of policy that denies it explicitly; empty: none
	Identity bool   // the policies of the user or role allow it
	Session  bool   // the session's own policies allow it, or it has none
}

// Allowed reports whether no more is needed.
func (d Decision) Allowed() bool { return d.Denied == "" && d.Identity && d.Session }

// Decide asks the caller's own policies for an action on a resource, mfa saying
// whether the request itself brings a code. The root user may do everything.
func (c *Caller) Decide(action, resource string, mfa bool) Decision {
	q := question{action, resource, c.facts(mfa)}
	var d Decision
	var denied bool
	switch owner := c.owner(); {
	case owner != nil && owner.Spec.Root:
		d.Identity = true
	case owner != nil:
		d.Identity, denied = ask(owner.policies, q)
	default:
		d.Identity, denied = ask(c.Session.Role.policies, q)
	}
	if denied {
		d.Denied = "an identity-based policy"
	}
	if d.Session = !c.narrowed(); d.Session {
		return d
	}
	if d.Session, denied = ask(c.Session.Policies, q); denied {
		d.Denied = "a session policy"
	}
	return d
}

// owner is the user whose policies count; nil for a role.
func (c *Caller) owner() *IAMUser {
	if c.User == nil && c.Session.Kind == Federation {
		return c.Session.Federator
	}
	return c.User
}

// narrowed reports whether a session may do no more than its own policies say. A
// federated user may do nothing without any.
func (c *Caller) narrowed() bool {
	return c.Session != nil && (c.Session.Policies != nil || c.Session.Kind == Federation)
}

// facts are the condition keys of a request, as far as the fake knows them. With a
// user's own key there is no MFA to tell of, not even that it is missing.
func (c *Caller) facts(mfa bool) map[string]string {
	all := map[string]string{"aws:principalarn": c.ARN(), "aws:principalaccount": c.Account()}
	if c.region != "" {
		all["aws:requestedregion"] = c.region
	}
	if mfa || c.Temporary() {
		all["aws:multifactorauthpresent"] = strconv.FormatBool(mfa || c.MFA())
	}
	if c.User != nil {
		all["aws:username"] = c.User.Spec.Name
	}
	if c.Session == nil {
		return all
	}
	if c.Session.Role != nil {
		all["aws:principalarn"] = c.Session.Role.ARN
	}
	if c.Session.SourceIdentity != "" {
		all["aws:sourceidentity"] = c.Session.SourceIdentity
	}
	for _, t := range c.Session.Tags {
		all["aws:principaltag/"+strings.ToLower(t.Key)] = t.Value
	}
	return all
}

// Authorize refuses an action on a resource that the caller's own policies do not
// allow.
func (c *Caller) Authorize(action, resource string) error {
	return c.Refuse(c.Decide(action, resource, false), action, resource)
}

// Refuse is AWS's text for what was decided; nil if it is allowed. The resource is
// as the service names it in its texts.
func (c *Caller) Refuse(d Decision, action, resource string) error {
	reason := ""
	switch {
	case d.Allowed():
		return nil
	case d.Denied != "":
		reason = " with an explicit deny in " + d.Denied
	case !d.Identity:
		reason = " because no identity-based policy allows the " + action + " action"
	default:
		reason = " because no session policy allows the " + action + " action"
	}
	return c.NotAuthorized(action, resource, reason)
}

// NotAuthorized is AWS's text for a missing or denied permission. Not all services
// give a reason.
func (c *Caller) NotAuthorized(action, resource, reason string) error {
	return wire.Denied("User: " + c.ARN() + " is not authorized to perform: " + action + " on resource: " + resource + reason)
}
