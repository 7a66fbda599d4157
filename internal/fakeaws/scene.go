package fakeaws

import (
	"fob/internal/fakeaws/center"
	"fob/internal/fakeaws/codecommit"
	"fob/internal/fakeaws/ecr"
	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/oidc"
	"fob/internal/fakeaws/random"
	"fob/internal/fakeaws/verify"
	"fob/internal/fakeaws/wire"
)

// Marker is in every secret that the fake makes up.
const Marker = random.Marker

// Policies that tests need often; see package identity.
const (
	OwnPolicy  = identity.OwnPolicy
	EnforceMFA = identity.EnforceMFA
)

// What scenes are made of.
type (
	UserSpec     = identity.UserSpec
	User         = identity.User
	MFADevice    = identity.MFADevice
	RoleSpec     = identity.RoleSpec
	InstanceSpec = center.InstanceSpec
	AccountSpec  = center.AccountSpec
	Instance     = center.Instance
	SSOSettings  = center.Settings
	SSOCounts    = center.Counts
)

// The answers of sign-in pages, and what [Server.RevokeSSO] can revoke.
const (
	PagesAsk       = center.PagesAsk
	PagesApprove   = center.PagesApprove
	PagesDeny      = center.PagesDeny
	RevokeAccess   = oidc.RevokeAccess
	RevokeRefresh  = oidc.RevokeRefresh
	RevokeSessions = oidc.RevokeSessions
	RevokeClients  = oidc.RevokeClients
)

// What tests that verify signatures in their own handlers need.
type (
	Refusal   = wire.Refusal
	Verifier  = verify.Verifier
	Key       = verify.Key
	Signature = verify.Signature
)

// check panics: a wrong scene is a wrong test.
func check(err error) {
	if err != nil {
		panic("fakeaws: " + err.Error())
	}
}

// AddUser adds a user with active keys. It panics if the spec is no user's.
func (s *Server) AddUser(spec UserSpec) User {
	u, err := s.Store.AddUser(spec)
	check(err)
	return u
}

// AddRole adds a role and returns its ARN. It panics if the spec is no role's.
func (s *Server) AddRole(spec RoleSpec) string {
	arn, err := s.Store.AddRole(spec)
	check(err)
	return arn
}

// AddInstance adds an instance of IAM Identity Center. It panics if the spec is no
// instance's.
func (s *Server) AddInstance(spec InstanceSpec) *Instance {
	i, err := s.Center.AddInstance(spec)
	check(err)
	return i
}

// SetSSO changes settings, and panics where they make no sense.
func (s *Server) SetSSO(edit func(*SSOSettings)) { check(s.Center.Set(edit)) }

// SSOCounts are the counts so far.
func (s *Server) SSOCounts() SSOCounts { return s.Center.Counts() }

// RevokeSSO makes all that there is of one kind invalid, and says how much that
// was. Credentials of roles live on, as with AWS.
func (s *Server) RevokeSSO(what string) int {
	n, err := Of[*oidc.Service](s).Revoke(what)
	check(err)
	return n
}

// AnswerDevice approves or denies a sign-in on another device; see
// [oidc.Service.AnswerDevice].
func (s *Server) AnswerDevice(userCode string, approve bool) (int, error) {
	return Of[*oidc.Service](s).AnswerDevice(userCode, approve)
}

// Verifiers are all code verifiers (PKCE) that were sent so far; see
// [oidc.Service.Verifiers].
func (s *Server) Verifiers() []string { return Of[*oidc.Service](s).Verifiers() }

// CodeCommit checks a user name and password; see [codecommit.Check].
func (s *Server) CodeCommit(user, password, host, path string) (arn string, err error) {
	return codecommit.Check(s.Store, s.Now(), user, password, host, path)
}

// ECRPassword is the password that the fake gives a caller for a registry.
func ECRPassword(arn string) string { return ecr.Password(arn) }
