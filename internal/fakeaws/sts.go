package fakeaws

import (
	"fob/internal/fakeaws/wire"
	"slices"
	"time"
)

// stsAPI is the Security Token Service, version 2011-06-15.
func stsAPI() queryAPI {
	return queryAPI{
		service: "sts", version: "2011-06-15", namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		gate: stsGate,
		operations: map[string]operation{
			"AssumeRole":         (*Server).assumeRole,
			"GetAccessKeyInfo":   (*Server).getAccessKeyInfo,
			"GetCallerIdentity":  (*Server).getCallerIdentity,
			"GetFederationToken": (*Server).getFederationToken,
			"GetSessionToken":    (*Server).getSessionToken,
		},
	}
}

// stsGate knows what temporary credentials may call: a user's session only
// AssumeRole and GetCallerIdentity, a federated user's only GetCallerIdentity,
// and none of them GetSessionToken and GetFederationToken.
func stsGate(c *call, action string) error {
	if !c.temporary() || action == "GetCallerIdentity" {
		return nil
	}
	if action == "GetSessionToken" || action == "GetFederationToken" {
		return wire.Denied("Cannot call " + action + " with session credentials")
	}
	if c.is(federation) || c.is(userSession) && action != "AssumeRole" {
		return notAuthorized(c.caller, "sts:"+action, "*", false)
	}
	return nil
}

// getCallerIdentity needs no permission, and no policy can deny it.
func (s *Server) getCallerIdentity(c *call) ([]wire.Element, error) {
	return []wire.Element{wire.Text("Arn", c.arn()), wire.Text("UserId", c.id()), wire.Text("Account", c.account())}, nil
}

func (s *Server) getAccessKeyInfo(c *call) ([]wire.Element, error) {
	id := c.Need("AccessKeyId", 16, 128, wire.Wordy(""))
	if err := c.Err(); err != nil {
		return nil, err
	}
	account, ok := accountOfKey(id)
	if !ok {
		return nil, wire.Invalid("Invalid Access Key ID: " + id)
	}
	return []wire.Element{wire.Text("Account", account)}, nil
}

func credentialsOf(ses *session) wire.Element {
	return wire.Group("Credentials", wire.Text("AccessKeyId", ses.keyID), wire.Text("SecretAccessKey", ses.secret.Reveal()),
		wire.Text("SessionToken", ses.token.Reveal()), wire.Text("Expiration", wire.Time(ses.expires)))
}

func mfaParams(p *wire.Params) (serial, code string) {
	return p.Text("SerialNumber", 9, 256, wire.Wordy("+=/:,.@-")), p.Text("TokenCode", 6, 6, wire.Digits())
}

// userDuration is that of GetSessionToken and GetFederationToken: 15 minutes to
// 36 hours, 12 hours by default; the root user gets an hour, whatever it asks.
func (c *call) userDuration() time.Duration {
	n := c.Number("DurationSeconds", 900, 129600, 43200)
	if c.root() {
		n = min(n, 3600)
	}
	return time.Duration(n) * time.Second
}

// getSessionToken needs no permission; MFA is remembered in the session.
func (s *Server) getSessionToken(c *call) ([]wire.Element, error) {
	lasts := c.userDuration()
	serial, code := mfaParams(c.Params)
	if err := c.Err(); err != nil {
		return nil, err
	}
	mfa, err := c.checkMFA(serial, code, c.now)
	if err != nil {
		return nil, err
	}
	ses := s.issue(session{kind: userSession, account: c.account(), arn: c.arn(), id: c.id(), user: c.user, mfa: mfa}, lasts)
	return []wire.Element{credentialsOf(ses)}, nil
}

func (s *Server) getFederationToken(c *call) ([]wire.Element, error) {
	name := c.Need("Name", 2, 32, wire.Wordy("+=,.@-"))
	lasts := c.userDuration()
	in := readSessionInput(c.Params)
	if err := c.Err(); err != nil {
		return nil, err
	}
	id, arn := c.account()+":"+name, "arn:"+s.partition+":sts::"+c.account()+":federated-user/"+name
	if allowed, explicit := c.permits("sts:GetFederationToken", c.mfa()); !allowed {
		return nil, notAuthorized(c.caller, "sts:GetFederationToken", arn, explicit)
	}
	if err := in.check(s.partition); err != nil {
		return nil, err
	}
	size, err := in.packed(nil)
	if err != nil {
		return nil, err
	}
	ses := s.issue(session{kind: federation, account: c.account(), arn: arn, id: id, tags: in.tags, narrowed: in.policy != "" || len(in.policyARNs) > 0}, lasts)
	out := []wire.Element{credentialsOf(ses), wire.Group("FederatedUser", wire.Text("FederatedUserId", id), wire.Text("Arn", arn))}
	return append(out, size...), nil
}

// trusts reports whether a role's trust policy names the caller, and whether by
// its own ARN, which within an account is as good as a policy of the caller's.
func (r *role) trusts(c *caller, partition string) (trusted, byName bool) {
	for _, arn := range c.principals() {
		if slices.Contains(r.spec.Trusts, arn) {
			return true, c.account() == r.spec.Account
		}
	}
	account := "arn:" + partition + ":iam::" + c.account() + ":root"
	return slices.Contains(r.spec.Trusts, account) || slices.Contains(r.spec.Trusts, "*"), false
}
