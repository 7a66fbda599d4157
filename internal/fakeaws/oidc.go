package fakeaws

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"fob/internal/fakeaws/random"
	"fob/internal/fakeaws/wire"
	"fob/internal/fob"
)

// The grants, as they are named on the wire.
const (
	grantCode    = "authorization_code"
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
	grantRefresh = "refresh_token"
)

// oidcClient is a registered client.
type oidcClient struct {
	id, name string
	secret   fob.Secret
	expires  time.Time
	scopes   []string
	grants   []string
	redirect []string
	instance *Instance // of the issuer URL; nil where none was given
}

// deviceGrant is a sign-in on another device.
type deviceGrant struct {
	client             *oidcClient
	instance           *Instance
	deviceCode         string
	userCode           string
	expires            time.Time
	interval           time.Duration
	asked              time.Time
	approved, answered bool
	used               bool
}

func oidcInvalid(message string) error { return wire.Refuse(400, "InvalidRequestException", message) }

// registerClient registers a public client. Without grant types it is one of the
// device grant, as all were before there were others.
func (s *Server) registerClient(r *wire.Request) (wire.Reply, error) {
	var in struct {
		ClientName, ClientType, IssuerURL string
		Scopes, RedirectURIs, GrantTypes  []string
	}
	if err := r.JSON(&in); err != nil {
		return wire.Reply{}, err
	}
	c := &oidcClient{name: in.ClientName, scopes: in.Scopes, grants: in.GrantTypes, redirect: in.RedirectURIs,
		instance: s.instanceAt(r.HTTP.Host, in.IssuerURL)}
	if len(c.grants) == 0 {
		c.grants = []string{grantDevice, grantRefresh}
	}
	switch {
	case in.ClientName == "" || in.ClientType == "":
		return wire.Reply{}, oidcInvalid("clientName and clientType are required")
	case in.ClientType != "public":
		return wire.Reply{}, wire.Refuse(400, "InvalidClientMetadataException", "Invalid client type: only public clients can register")
	case in.IssuerURL != "" && c.instance == nil:
		return wire.Reply{}, oidcInvalid("Invalid issuer url")
	}
	if err := c.checkRegistration(); err != nil {
		return wire.Reply{}, err
	}
	region := "us-east-1"
	if len(s.sso.instances) > 0 {
		region = s.sso.instances[0].spec.Region
	}
	if c.instance != nil {
		region = c.instance.spec.Region
	}
	now := s.Now()
	c.id = random.Text(random.URL, 22) + base64.RawURLEncoding.EncodeToString([]byte(region))
	c.secret = fob.NewSecret("eyJ" + random.Text(random.URL, 16) + random.Marker + random.Text(random.URL, 200))
	c.expires = now.Add(s.sso.settings.Registration).Truncate(time.Second)
	s.sso.clients[c.id] = c
	s.sso.counts.Registrations++
	return wire.JSON(http.StatusOK, map[string]any{"clientId": c.id, "clientSecret": c.secret.Reveal(), "clientIdIssuedAt": now.Unix(),
		"clientSecretExpiresAt": c.expires.Unix(), "authorizationEndpoint": nil, "tokenEndpoint": nil}), nil
}

func (c *oidcClient) checkRegistration() error {
	for _, g := range c.grants {
		if g != grantCode && g != grantDevice && g != grantRefresh {
			return wire.Refuse(400, "UnsupportedGrantTypeException", "Unsupported grant type: "+g)
		}
	}
	for _, scope := range c.scopes {
		if scope == "" || !wire.Wordy(":*-./").OK(scope) {
			return wire.Refuse(400, "InvalidScopeException", "Invalid scope: "+scope)
		}
	}
	for _, u := range c.redirect {
		if loopbackRedirect(u) == nil {
			return wire.Refuse(400, "InvalidRedirectUriException", "Invalid redirect uri: "+u)
		}
	}
	if slices.Contains(c.grants, grantCode) {
		switch {
		case len(c.redirect) == 0:
			return oidcInvalid("redirectUris is required for authorization_code")
		case c.instance == nil:
			return oidcInvalid("issuerUrl is required for authorization_code")
		}
	}
	return nil
}

// loopbackRedirect is a redirect URI that a native client may have (RFC 8252):
// plain HTTP to a loopback address, not to a name.
func loopbackRedirect(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || u.User != nil || u.Fragment != "" || u.RawQuery != "" || u.ForceQuery {
		return nil
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
		return nil
	}
	return u
}

// redirects reports whether a client registered a redirect URI, whatever the
// port: that is known only when the client listens.
func (c *oidcClient) redirects(text string) bool {
	u := loopbackRedirect(text)
	return u != nil && slices.ContainsFunc(c.redirect, func(known string) bool {
		k := loopbackRedirect(known)
		return k.Hostname() == u.Hostname() && k.EscapedPath() == u.EscapedPath()
	})
}

// client finds the client that a request comes from.
func (s *Server) client(id, secret string) (*oidcClient, error) {
	c := s.sso.clients[id]
	switch {
	case id == "" || secret == "":
		return nil, oidcInvalid("clientId and clientSecret are required")
	case c == nil || subtle.ConstantTimeCompare([]byte(secret), []byte(c.secret.Reveal())) != 1:
		return nil, wire.Refuse(http.StatusUnauthorized, "InvalidClientException", "Invalid client id or secret")
	case !s.Now().Before(c.expires):
		return nil, wire.Refuse(http.StatusUnauthorized, "InvalidClientException", "Client registration has expired")
	}
	return c, nil
}

func unauthorizedClient(grant string) error {
	return wire.Refuse(400, "UnauthorizedClientException", "Client is not registered for "+grant)
}

func (s *Server) startDeviceAuthorization(r *wire.Request) (wire.Reply, error) {
	var in struct{ ClientID, ClientSecret, StartURL string }
	if err := r.JSON(&in); err != nil {
		return wire.Reply{}, err
	}
	c, err := s.client(in.ClientID, in.ClientSecret)
	if err != nil {
		return wire.Reply{}, err
	}
	if !slices.Contains(c.grants, grantDevice) {
		return wire.Reply{}, unauthorizedClient(grantDevice)
	}
	i := s.instanceAt(r.HTTP.Host, in.StartURL)
	if i == nil {
		return wire.Reply{}, oidcInvalid("Invalid start url provided")
	}
	lasts := s.sso.settings.Code
	const consonants = "BCDFGHJKLMNPQRSTVWXZ" // no words, nothing that looks like another
	d := &deviceGrant{client: c, instance: i, deviceCode: random.Text(random.URL, 8) + random.Marker + random.Text(random.URL, 64),
		userCode: random.Text(consonants, 4) + "-" + random.Text(consonants, 4), expires: s.Now().Add(lasts), interval: s.sso.settings.Interval}
	s.sso.devices = append(s.sso.devices, d)
	page := "http://" + r.HTTP.Host + "/device"
	out := map[string]any{"deviceCode": d.deviceCode, "userCode": d.userCode, "verificationUri": page,
		"verificationUriComplete": page + "?user_code=" + d.userCode, "expiresIn": int(lasts / time.Second)}
	if d.interval > 0 {
		out["interval"] = int((d.interval + time.Second - 1) / time.Second)
	}
	return wire.JSON(http.StatusOK, out), nil
}

// open reports whether a device's sign-in waits for its user.
func (d *deviceGrant) open(now time.Time) bool { return !d.answered && now.Before(d.expires) }

func (d *deviceGrant) answer(approve bool) { d.answered, d.approved = true, approve }

// AnswerDevice approves or denies a sign-in on another device, as its user would
// on the page; an empty code stands for all that wait. It says how many.
func (s *Server) AnswerDevice(userCode string, approve bool) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, d := range s.sso.devices {
		if (userCode == "" || d.userCode == userCode) && d.open(s.Now()) {
			d.answer(approve)
			n++
		}
	}
	if n == 0 && userCode != "" {
		return 0, fmt.Errorf("no sign-in waits for the code %q", userCode)
	}
	return n, nil
}
