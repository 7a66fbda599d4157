package sts

import (
	"slices"
	"strings"
	"time"

	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/service"
	"fob/internal/fakeaws/wire"
)

// assumeRoleInput is a call of AssumeRole that keeps to the model's limits.
type assumeRoleInput struct {
	roleArn, name, externalID, sourceIdentity string
	serial, code                              string
	seconds                                   int
	sessionInput
	transitive []string
}

func readAssumeRole(p *wire.Params) (assumeRoleInput, error) {
	in := assumeRoleInput{
		roleArn:        p.Need("RoleArn", 20, 2048, wire.AnyText()),
		name:           p.Need("RoleSessionName", 2, 64, wire.Wordy("+=,.@-")),
		sessionInput:   readSessionInput(p),
		seconds:        p.Number("DurationSeconds", 900, 43200, 3600),
		externalID:     p.Text("ExternalId", 2, 1224, wire.Wordy("+=,.@:/-")),
		sourceIdentity: p.Text("SourceIdentity", 2, 64, wire.Wordy("+=,.@-")),
	}
	for _, m := range p.Members("TransitiveTagKeys", 50) {
		in.transitive = append(in.transitive, p.Need(m, 1, 128, wire.TagText()))
	}
	for _, m := range p.Members("ProvidedContexts", 5) {
		p.Text(m+".ProviderArn", 20, 2048, wire.AnyText())
		p.Text(m+".ContextAssertion", 4, 2048, wire.AnyText())
	}
	in.serial, in.code = mfaParams(p)
	return in, p.Err()
}

// assumeRole opens a session of a role. Most of what can be wrong is told as one
// AccessDenied, on purpose: AWS does not say whether the role exists, or what in
// its trust policy did not match.
func (a api) assumeRole(c *service.Call) ([]wire.Element, error) {
	in, err := readAssumeRole(c.Params)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(in.roleArn, "arn:") || strings.Count(in.roleArn, ":") < 5 {
		return nil, wire.Invalid(in.roleArn + " is invalid")
	}
	if c.Root() {
		return nil, wire.Denied("Roles may not be assumed by root accounts.")
	}
	mfa, err := c.CheckMFA(in.serial, in.code)
	if err != nil {
		return nil, err
	}
	account := strings.Split(in.roleArn, ":")[4]
	policies, err := in.check(a.Store, account)
	if err != nil {
		return nil, err
	}
	if err := in.checkTransitive(c.Session); err != nil {
		return nil, err
	}
	r, err := a.authorizeRole(c, in, mfa || c.MFA())
	if err != nil {
		return nil, err
	}
	if err := a.activated(c, r.Spec.Account); err != nil {
		return nil, err
	}
	if err := checkRoleDuration(c.Caller, r, in.seconds); err != nil {
		return nil, err
	}
	inherited, keys := inherit(c.Session, in)
	size, err := in.packed(inherited)
	if err != nil {
		return nil, err
	}
	ses := a.Issue(sessionOf(r, a.Partition(), c.Caller, in, append(inherited, in.tags...), keys, policies), time.Duration(in.seconds)*time.Second)
	out := []wire.Element{credentialsOf(ses), wire.Group("AssumedRoleUser", wire.Text("AssumedRoleId", ses.ID), wire.Text("Arn", ses.ARN))}
	if ses.SourceIdentity != "" {
		out = append(out, wire.Text("SourceIdentity", ses.SourceIdentity))
	}
	return append(out, size...), nil
}

// sessionOf describes a session of the role. It has no MFA, even where a code was
// given: what AssumeRole returns carries no MFA into later calls, unlike what
// GetSessionToken returns. A source identity stays for the whole chain.
func sessionOf(r *identity.Role, partition string, c *identity.Caller, in assumeRoleInput, tags []identity.Tag, transitive []string, policies identity.SessionPolicies) identity.Session {
	name := r.Spec.Name[strings.LastIndex(r.Spec.Name, "/")+1:] // ARNs of sessions have no path
	ses := identity.Session{Kind: identity.RoleSession, Account: r.Spec.Account, Role: r, Tags: tags, Transitive: transitive, Policies: policies,
		ARN: "arn:" + partition + ":sts::" + r.Spec.Account + ":assumed-role/" + name + "/" + in.name,
		ID:  r.ID + ":" + in.name, SourceIdentity: in.sourceIdentity, Chained: c.Temporary()}
	if c.Session != nil && c.Session.SourceIdentity != "" {
		ses.SourceIdentity = c.Session.SourceIdentity
	}
	return ses
}

// authorizeRole asks the trust policy and the caller's own.
func (a api) authorizeRole(c *service.Call, in assumeRoleInput, mfa bool) (*identity.Role, error) {
	d := c.Decide("sts:AssumeRole", in.roleArn, mfa)
	r := a.Role(in.roleArn)
	if r == nil || !r.Trusts(c.Caller).Grants(d) ||
		r.Spec.ExternalID != "" && r.Spec.ExternalID != in.externalID ||
		r.Spec.RequireMFA && !mfa {
		return nil, notAuthorized(c, d, "sts:AssumeRole", in.roleArn)
	}
	inherited, _ := inherit(c.Session, in)
	for _, t := range append(slices.Clone(in.tags), inherited...) {
		if !slices.Contains(r.Spec.TagKeys, "*") && !slices.ContainsFunc(r.Spec.TagKeys, func(k string) bool { return strings.EqualFold(k, t.Key) }) {
			return nil, c.NotAuthorized("sts:TagSession", in.roleArn, "")
		}
	}
	if len(in.tags)+len(inherited) > 0 {
		if err := authorizeToo(c, r, "sts:TagSession", mfa); err != nil {
			return nil, err
		}
	}
	return r, a.authorizeSourceIdentity(c, r, in, mfa)
}

// authorizeToo: what the trust policy allows beside AssumeRole, the caller's own
// policies must allow just so.
func authorizeToo(c *service.Call, r *identity.Role, action string, mfa bool) error {
	if d := c.Decide(action, r.ARN, mfa); !r.Trusts(c.Caller).Grants(d) {
		return notAuthorized(c, d, action, r.ARN)
	}
	return nil
}

// authorizeSourceIdentity: a source identity that is set, or that the caller's
// session carries, must be allowed by each role of the chain, and cannot change.
func (a api) authorizeSourceIdentity(c *service.Call, r *identity.Role, in assumeRoleInput, mfa bool) error {
	const action = "sts:SetSourceIdentity"
	carried := ""
	if c.Session != nil {
		carried = c.Session.SourceIdentity
	}
	if carried == "" && in.sourceIdentity == "" {
		return nil
	}
	if carried != "" && in.sourceIdentity != "" && carried != in.sourceIdentity || !r.Spec.SourceIdentity {
		return c.NotAuthorized(action, in.roleArn, "")
	}
	return authorizeToo(c, r, action, mfa)
}

// checkRoleDuration: sessions made from sessions, those of GetSessionToken
// included, are "role chaining" and end after an hour; others may last as long
// as the role says.
func checkRoleDuration(c *identity.Caller, r *identity.Role, seconds int) error {
	switch {
	case c.Temporary() && seconds > 3600:
		return wire.Invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	case seconds > r.Spec.MaxSessionDuration:
		return wire.Invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

// checkTransitive: transitive keys must be among the tags given, and tags given
// must not clash with those inherited.
func (in assumeRoleInput) checkTransitive(from *identity.Session) error {
	for _, key := range in.transitive {
		if identity.FindTag(in.tags, key) < 0 {
			return wrongValue("The specified transitive tag key must be included in the requested tags.")
		}
	}
	if from == nil {
		return nil
	}
	for _, key := range from.Transitive {
		if identity.FindTag(in.tags, key) >= 0 {
			return wrongValue("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
	}
	return nil
}

// inherit gives the tags that come from the calling session, and all keys that
// will pass on from the new one.
func inherit(from *identity.Session, in assumeRoleInput) ([]identity.Tag, []string) {
	keys := slices.Clone(in.transitive)
	if from == nil {
		return nil, keys
	}
	var tags []identity.Tag
	for _, key := range from.Transitive {
		if i := identity.FindTag(from.Tags, key); i >= 0 {
			tags = append(tags, from.Tags[i])
		}
	}
	return tags, append(keys, from.Transitive...)
}

func wrongValue(message string) error { return wire.Refuse(400, "InvalidParameterValue", message) }
