package fakeaws

import (
	"net/http"
	"strings"
	"time"

	"fob/internal/fakeaws/wire"
)

// IAM Identity Center: the OIDC service, whose tokens open the access portal.
// Both speak rest-json, and nothing is signed.

// ssoState is what the two know, guarded by the server's lock.
type ssoState struct {
	instances []*Instance
	settings  SSOSettings
	clients   map[string]*oidcClient
	codes     map[string]*codeGrant
	devices   []*deviceGrant
	pages     map[string]*openPage
	access    map[string]*accessToken
	refresh   map[string]*refreshToken
	bucket    bucket
	counts    SSOCounts
	verifiers []string
}

func newSSOState() ssoState {
	return ssoState{
		settings: defaultSSOSettings(), clients: map[string]*oidcClient{}, codes: map[string]*codeGrant{}, pages: map[string]*openPage{},
		access: map[string]*accessToken{}, refresh: map[string]*refreshToken{}, counts: newSSOCounts(),
	}
}

// portalSession is a sign-in: all tokens that come from it die with it.
type portalSession struct {
	instance *Instance
	ends     time.Time
	over     bool
}

// restOperation is an operation that is told by method and path.
type restOperation struct {
	method, path, name string
	serve              func(s *Server, r *wire.Request) (wire.Reply, error)
}

// restService claims the requests for its operations, unless they are signed:
// then they are for another service with the same path.
func restService(name string, ops []restOperation, refuse func(r *wire.Request, e *wire.Refusal) wire.Reply) service {
	return service{
		name: name,
		match: func(r *wire.Request) (string, bool) {
			if r.HTTP.Header.Get("Authorization") != "" || r.HTTP.URL.Query().Has("X-Amz-Signature") {
				return "", false
			}
			for _, op := range ops {
				if op.method == r.HTTP.Method && op.path == r.HTTP.URL.Path {
					return op.name, true
				}
			}
			return "", false
		},
		serve: func(s *Server, r *wire.Request, action string) (wire.Reply, error) {
			for _, op := range ops {
				if op.name == action {
					return op.serve(s, r)
				}
			}
			return wire.Reply{}, nil // match names operations of the table only
		},
		refuse: refuse,
	}
}

func oidcService() service {
	return restService("sso-oidc", []restOperation{
		{http.MethodPost, "/client/register", "RegisterClient", (*Server).registerClient},
		{http.MethodPost, "/device_authorization", "StartDeviceAuthorization", (*Server).startDeviceAuthorization},
		{http.MethodPost, "/token", "CreateToken", (*Server).createToken},
	}, refuseOIDC)
}

// pageService has what people see in a browser.
func pageService() service {
	return restService("sso-page", []restOperation{
		{http.MethodGet, "/authorize", "Authorize", (*Server).authorizePage},
		{http.MethodPost, "/authorize", "AnswerAuthorize", (*Server).answerPage},
		{http.MethodGet, "/device", "Device", (*Server).devicePage},
		{http.MethodPost, "/device", "AnswerDevice", (*Server).answerPage},
	}, wire.RefusePage)
}

func portalService() service {
	return restService("sso", []restOperation{
		{http.MethodGet, "/assignment/accounts", "ListAccounts", (*Server).listAccounts},
		{http.MethodGet, "/assignment/roles", "ListAccountRoles", (*Server).listAccountRoles},
		{http.MethodGet, "/federation/credentials", "GetRoleCredentials", (*Server).getRoleCredentials},
		{http.MethodPost, "/logout", "Logout", (*Server).logoutPortal},
	}, refusePortal)
}

// refuseOIDC writes an error as OAuth does, and its type as rest-json does. A
// fault's general throttling has a code of its own here.
func refuseOIDC(r *wire.Request, e *wire.Refusal) wire.Reply {
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

func refusePortal(r *wire.Request, e *wire.Refusal) wire.Reply {
	if e.Code == "Throttling" {
		*e = *tooMany()
	}
	r.Header.Set("X-Amzn-Errortype", e.Code)
	return wire.JSON(e.Status, map[string]string{"message": e.Message, "__type": "com.amazonaws.switchboard.portal#" + e.Code})
}

func tooMany() *wire.Refusal {
	return wire.Refuse(429, "TooManyRequestsException", "HTTP 429 Unknown Code")
}
