package fakeaws

import (
	"fob/internal/fakeaws/wire"
	"slices"
	"strings"
	"time"
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
func (s *Server) assumeRole(c *call) ([]wire.Element, error) {
	in, err := readAssumeRole(c.Params)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(in.roleArn, "arn:") || strings.Count(in.roleArn, ":") < 5 {
		return nil, wire.Invalid(in.roleArn + " is invalid")
	}
	if c.root() {
		return nil, wire.Denied("Roles may not be assumed by root accounts.")
	}
	mfa, err := c.checkMFA(in.serial, in.code, c.now)
	if err != nil {
		return nil, err
	}
	if err := in.check(s.partition); err != nil {
		return nil, err
	}
	if err := in.checkTransitive(c.session); err != nil {
		return nil, err
	}
	r, err := s.authorizeRole(c, in, mfa || c.mfa())
	if err != nil {
		return nil, err
	}
	if err := checkRoleDuration(c.caller, r, in.seconds); err != nil {
		return nil, err
	}
	inherited, keys := inherit(c.session, in)
	size, err := in.packed(inherited)
	if err != nil {
		return nil, err
	}
	ses := s.issue(r.session(s.partition, c.caller, in, append(inherited, in.tags...), keys), time.Duration(in.seconds)*time.Second)
	out := []wire.Element{credentialsOf(ses), wire.Group("AssumedRoleUser", wire.Text("AssumedRoleId", ses.id), wire.Text("Arn", ses.arn))}
	if ses.sourceIdentity != "" {
		out = append(out, wire.Text("SourceIdentity", ses.sourceIdentity))
	}
	return append(out, size...), nil
}

// session describes a session of the role. It has no MFA, even where a code was
// given: what AssumeRole returns carries no MFA into later calls, unlike what
// GetSessionToken returns. A source identity stays for the whole chain.
func (r *role) session(partition string, c *caller, in assumeRoleInput, tags []tag, transitive []string) session {
	name := r.spec.Name[strings.LastIndex(r.spec.Name, "/")+1:] // ARNs of sessions have no path
	ses := session{kind: roleSession, account: r.spec.Account, role: r, tags: tags, transitive: transitive,
		arn: "arn:" + partition + ":sts::" + r.spec.Account + ":assumed-role/" + name + "/" + in.name,
		id:  r.id + ":" + in.name, sourceIdentity: in.sourceIdentity, chained: c.temporary()}
	if c.session != nil && c.session.sourceIdentity != "" {
		ses.sourceIdentity = c.session.sourceIdentity
	}
	return ses
}

// authorizeRole asks the trust policy and the caller's own.
func (s *Server) authorizeRole(c *call, in assumeRoleInput, mfa bool) (*role, error) {
	refusal := notAuthorized(c.caller, "sts:AssumeRole", in.roleArn, false)
	r := s.roles[in.roleArn]
	if r == nil {
		return nil, refusal
	}
	trusted, byName := r.trusts(c.caller, s.partition)
	allowed, explicit := c.permits("sts:AssumeRole", mfa)
	switch {
	case explicit:
		return nil, notAuthorized(c.caller, "sts:AssumeRole", in.roleArn, true)
	case !trusted, !allowed && !byName,
		r.spec.ExternalID != "" && r.spec.ExternalID != in.externalID,
		r.spec.RequireMFA && !mfa:
		return nil, refusal
	}
	inherited, _ := inherit(c.session, in)
	for _, t := range append(slices.Clone(in.tags), inherited...) {
		if !slices.Contains(r.spec.TagKeys, "*") && !slices.ContainsFunc(r.spec.TagKeys, func(k string) bool { return strings.EqualFold(k, t.key) }) {
			return nil, notAuthorized(c.caller, "sts:TagSession", in.roleArn, false)
		}
	}
	return r, s.authorizeSourceIdentity(c, r, in)
}

// authorizeSourceIdentity: a source identity that is set, or that the caller's
// session carries, must be allowed by each role of the chain, and cannot change.
func (s *Server) authorizeSourceIdentity(c *call, r *role, in assumeRoleInput) error {
	carried := ""
	if c.session != nil {
		carried = c.session.sourceIdentity
	}
	changed := carried != "" && in.sourceIdentity != "" && carried != in.sourceIdentity
	if changed || (carried != "" || in.sourceIdentity != "") && !r.spec.SourceIdentity {
		return notAuthorized(c.caller, "sts:SetSourceIdentity", in.roleArn, false)
	}
	return nil
}

// checkRoleDuration: sessions made from sessions, those of GetSessionToken
// included, are "role chaining" and end after an hour; others may last as long
// as the role says.
func checkRoleDuration(c *caller, r *role, seconds int) error {
	switch {
	case c.temporary() && seconds > 3600:
		return wire.Invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	case seconds > r.spec.MaxSessionDuration:
		return wire.Invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

// checkTransitive: transitive keys must be among the tags given, and tags given
// must not clash with those inherited.
func (in assumeRoleInput) checkTransitive(from *session) error {
	for _, key := range in.transitive {
		if findTag(in.tags, key) < 0 {
			return wrongValue("The specified transitive tag key must be included in the requested tags.")
		}
	}
	if from == nil {
		return nil
	}
	for _, key := range from.transitive {
		if findTag(in.tags, key) >= 0 {
			return wrongValue("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
	}
	return nil
}

// inherit gives the tags that come from the calling session, and all keys that
// will pass on from the new one.
func inherit(from *session, in assumeRoleInput) ([]tag, []string) {
	keys := slices.Clone(in.transitive)
	if from == nil {
		return nil, keys
	}
	var tags []tag
	for _, key := range from.transitive {
		if i := findTag(from.tags, key); i >= 0 {
			tags = append(tags, from.tags[i])
		}
	}
	return tags, append(keys, from.transitive...)
}

func wrongValue(message string) error { return wire.Refuse(400, "InvalidParameterValue", message) }
