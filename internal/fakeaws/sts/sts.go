// Package sts plays the Security Token Service, version 2011-06-15.
package sts

import (
	"time"

	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/service"
	"fob/internal/fakeaws/wire"
)

// New is the service.
func New(env *service.Env) service.Service {
	a := api{env}
	return &service.Query{Env: env, Service: "sts", Version: "2011-06-15", Namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		Gate: a.gate,
		Operations: map[string]service.Operation{
			"AssumeRole":         a.assumeRole,
			"GetAccessKeyInfo":   a.getAccessKeyInfo,
			"GetCallerIdentity":  a.getCallerIdentity,
			"GetFederationToken": a.getFederationToken,
			"GetSessionToken":    a.getSessionToken,
		}}
}

type api struct{ *service.Env }

// gate knows what temporary credentials may call: a user's session only
// AssumeRole and GetCallerIdentity, a federated user's only GetCallerIdentity,
// and none of them GetSessionToken and GetFederationToken.
func (a api) gate(c *service.Call, action string) error {
	if err := a.activated(c, c.Account()); err != nil {
		return err
	}
	if !c.Temporary() || action == "GetCallerIdentity" {
		return nil
	}
	if action == "GetSessionToken" || action == "GetFederationToken" {
		return wire.Denied("Cannot call " + action + " with session credentials")
	}
	if c.Is(identity.Federation) || c.Is(identity.UserSession) && action != "AssumeRole" {
		return c.NotAuthorized("sts:"+action, "*", "")
	}
	return nil
}

// activated refuses a region that is off for an account: the caller's, and that of
// a role to be assumed.
func (a api) activated(c *service.Call, account string) error {
	if a.RegionOn(account, c.Region) {
		return nil
	}
	return wire.Refuse(403, "RegionDisabledException", "STS is not activated in this region for account:"+account+". Your account administrator can activate STS in this region using the IAM Console.")
}

// getCallerIdentity needs no permission, and no policy can deny it.
func (a api) getCallerIdentity(c *service.Call) ([]wire.Element, error) {
	return []wire.Element{wire.Text("Arn", c.ARN()), wire.Text("UserId", c.ID()), wire.Text("Account", c.Account())}, nil
}

func (a api) getAccessKeyInfo(c *service.Call) ([]wire.Element, error) {
	id := c.Need("AccessKeyId", 16, 128, wire.Wordy(""))
	if err := c.Err(); err != nil {
		return nil, err
	}
	account, ok := identity.AccountOfKey(id)
	if !ok {
		return nil, wire.Invalid("Invalid Access Key ID: " + id)
	}
	return []wire.Element{wire.Text("Account", account)}, nil
}

func credentialsOf(ses *identity.Session) wire.Element {
	return wire.Group("Credentials", wire.Text("AccessKeyId", ses.KeyID), wire.Text("SecretAccessKey", ses.Secret.Reveal()),
		wire.Text("SessionToken", ses.Token.Reveal()), wire.Text("Expiration", wire.Time(ses.Expires)))
}

func mfaParams(p *wire.Params) (serial, code string) {
	return p.Text("SerialNumber", 9, 256, wire.Wordy("+=/:,.@-")), p.Text("TokenCode", 6, 6, wire.Digits())
}

// userDuration is that of GetSessionToken and GetFederationToken: 15 minutes to
// 36 hours, 12 hours by default; the root user gets an hour, whatever it asks.
func userDuration(c *service.Call) time.Duration {
	n := c.Number("DurationSeconds", 900, 129600, 43200)
	if c.Root() {
		n = min(n, 3600)
	}
	return time.Duration(n) * time.Second
}

// getSessionToken needs no permission; MFA is remembered in the session.
func (a api) getSessionToken(c *service.Call) ([]wire.Element, error) {
	lasts := userDuration(c)
	serial, code := mfaParams(c.Params)
	if err := c.Err(); err != nil {
		return nil, err
	}
	mfa, err := c.CheckMFA(serial, code)
	if err != nil {
		return nil, err
	}
	ses := a.Issue(identity.Session{Kind: identity.UserSession, Account: c.Account(), ARN: c.ARN(), ID: c.ID(), User: c.User, MFA: mfa}, lasts)
	return []wire.Element{credentialsOf(ses)}, nil
}

func (a api) getFederationToken(c *service.Call) ([]wire.Element, error) {
	name := c.Need("Name", 2, 32, wire.Wordy("+=,.@-"))
	lasts := userDuration(c)
	in := readSessionInput(c.Params)
	if err := c.Err(); err != nil {
		return nil, err
	}
	id, arn := c.Account()+":"+name, "arn:"+a.Partition()+":sts::"+c.Account()+":federated-user/"+name
	if d := c.Decide("sts:GetFederationToken", arn, false); !d.Allowed() {
		return nil, notAuthorized(c, d, "sts:GetFederationToken", arn)
	}
	policies, err := in.check(a.Store, c.Account())
	if err != nil {
		return nil, err
	}
	size, err := in.packed(nil)
	if err != nil {
		return nil, err
	}
	ses := a.Issue(identity.Session{Kind: identity.Federation, Account: c.Account(), ARN: arn, ID: id, Federator: c.User, Tags: in.tags, Policies: policies}, lasts)
	out := []wire.Element{credentialsOf(ses), wire.Group("FederatedUser", wire.Text("FederatedUserId", id), wire.Text("Arn", arn))}
	return append(out, size...), nil
}

// notAuthorized is AWS's text. STS gives a reason for explicit denies only: it does
// not say what in which of two accounts was missing.
func notAuthorized(c *service.Call, d identity.Decision, action, resource string) error {
	reason := ""
	if d.Denied != "" {
		reason = " with an explicit deny in " + d.Denied
	}
	return c.NotAuthorized(action, resource, reason)
}
