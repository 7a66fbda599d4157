// Package oidc plays the sign-in of IAM Identity Center: the OIDC service and the
// pages that it shows in a browser.
package oidc

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"fob/internal/fakeaws/center"
	"fob/internal/fakeaws/service"
	"fob/internal/fakeaws/wire"
)

// Service is the OIDC service. Its pages are a service of their own.
type Service struct {
	service.REST
	env *service.Env

	mu        sync.Mutex // guards all below
	clients   map[string]*client
	codes     map[string]*codeGrant
	devices   []*deviceGrant
	pages     map[string]*openPage // by handle
	refresh   map[string]*refreshToken
	verifiers []string
}

// New is the service.
func New(env *service.Env) *Service {
	s := &Service{env: env, clients: map[string]*client{}, codes: map[string]*codeGrant{}, pages: map[string]*openPage{}, refresh: map[string]*refreshToken{}}
	s.REST = service.REST{Service: "sso-oidc", Host: "oidc", Shape: refuse, Operations: []service.Endpoint{
		{Method: http.MethodPost, Path: "/client/register", Name: "RegisterClient", Do: s.locked(s.registerClient)},
		{Method: http.MethodPost, Path: "/device_authorization", Name: "StartDeviceAuthorization", Do: s.locked(s.startDeviceAuthorization)},
		{Method: http.MethodPost, Path: "/token", Name: "CreateToken", Do: s.locked(s.createToken)},
	}}
	return s
}

// Pages is what people see in a browser.
func (s *Service) Pages() service.Service {
	return service.REST{Service: "sso-page", Host: "oidc", Shape: wire.RefusePage, Operations: []service.Endpoint{
		{Method: http.MethodGet, Path: "/authorize", Name: "Authorize", Do: s.locked(s.authorizePage)},
		{Method: http.MethodPost, Path: "/authorize", Name: "AnswerAuthorize", Do: s.locked(s.answerPage)},
		{Method: http.MethodGet, Path: "/device", Name: "Device", Do: s.locked(s.devicePage)},
		{Method: http.MethodPost, Path: "/device", Name: "AnswerDevice", Do: s.locked(s.answerPage)},
	}}
}

// locked serves one request at a time.
func (s *Service) locked(serve func(*wire.Request) (wire.Reply, error)) func(*wire.Request) (wire.Reply, error) {
	return func(r *wire.Request) (wire.Reply, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return serve(r)
	}
}

// Controls implements the optional method of [service.Service].
func (s *Service) Controls() map[string]wire.Control {
	return map[string]wire.Control{"sso/device": s.controlDevice, "sso/revoke": s.controlRevoke}
}

func (s *Service) controlDevice(body []byte) (any, error) {
	var in struct {
		UserCode string `json:"user_code"`
		Decision string `json:"decision"`
	}
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	if in.Decision != center.PagesApprove && in.Decision != center.PagesDeny {
		return nil, errors.New("decision must be approve or deny")
	}
	n, err := s.AnswerDevice(in.UserCode, in.Decision == center.PagesApprove)
	return map[string]int{"answered": n}, err
}

func (s *Service) controlRevoke(body []byte) (any, error) {
	var in struct {
		What string `json:"what"`
	}
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	n, err := s.Revoke(in.What)
	return map[string]int{"revoked": n}, err
}

// What [Service.Revoke] can revoke.
const (
	RevokeAccess   = "access"   // access tokens; they can be refreshed
	RevokeRefresh  = "refresh"  // refresh tokens; access tokens live on
	RevokeSessions = "sessions" // sign-ins, with all their tokens
	RevokeClients  = "clients"  // registrations
)

// Revoke makes all that there is of one kind invalid, and says how much that was.
// Credentials of roles live on, as with AWS.
func (s *Service) Revoke(what string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	switch what {
	case RevokeAccess:
		n = s.env.RevokeAccess()
	case RevokeRefresh:
		n = len(s.refresh)
		clear(s.refresh)
	case RevokeSessions:
		n = s.env.EndSignIns()
	case RevokeClients:
		n = len(s.clients)
		clear(s.clients)
	default:
		return 0, fmt.Errorf("cannot revoke %q: there are %s, %s, %s, %s", what, RevokeAccess, RevokeRefresh, RevokeSessions, RevokeClients)
	}
	return n, nil
}

// refuse writes an error as OAuth does, and its type as rest-json does. A fault's
// general throttling has a code of its own here.
func refuse(r *wire.Request, e *wire.Refusal) wire.Reply {
	switch e.Code {
	case "Throttling":
		*e = *wire.Refuse(400, "SlowDownException", "Slow down")
	case "InternalFailure":
		*e = *wire.Refuse(500, "InternalServerException", "Unexpected error.")
	}
	r.Header.Set("X-Amzn-Errortype", e.Code)
	return wire.JSON(e.Status, map[string]string{"error": oauthCode(e.Code), "error_description": e.Message})
}

// oauthCode is the code of RFC 6749 and 8628 of an exception.
func oauthCode(exception string) string {
	if exception == "InternalServerException" {
		return "server_error"
	}
	var b strings.Builder
	for i, c := range strings.TrimSuffix(exception, "Exception") {
		if 'A' <= c && c <= 'Z' && i > 0 {
			b.WriteByte('_')
		}
		b.WriteString(strings.ToLower(string(c)))
	}
	return b.String()
}
