package oidc

import (
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"fob/internal/fakeaws/center"
	"fob/internal/fakeaws/random"
	"fob/internal/fakeaws/wire"
	"fob/internal/fob"
)

// The grants, as they are named on the wire.
const (
	GrantCode    = "authorization_code"
	GrantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
	GrantRefresh = "refresh_token"
)

// client is a registered client.
type client struct {
	id, name string
	secret   fob.Secret
	expires  time.Time
	scopes   []string
	grants   []string
	redirect []string
	instance *center.Instance // of the issuer URL; nil where none was given
	region   string           // of the endpoint where it registered; empty: all
}

func invalid(message string) error { return wire.Refuse(400, "InvalidRequestException", message) }

// registerClient registers a public client. Without grant types it is one of the
// device grant, as all were before there were others.
func (s *Service) registerClient(r *wire.Request) (wire.Reply, error) {
	var in struct {
		ClientName, ClientType, IssuerURL string
		Scopes, RedirectURIs, GrantTypes  []string
	}
	if err := r.JSON(&in); err != nil {
		return wire.Reply{}, err
	}
	c := &client{name: in.ClientName, scopes: in.Scopes, grants: in.GrantTypes, redirect: in.RedirectURIs,
		instance: s.env.InstanceAt(r.Base(), s.env.RegionOf(r.HTTP.Host), in.IssuerURL), region: s.env.RegionOf(r.HTTP.Host)}
	if len(c.grants) == 0 {
		c.grants = []string{GrantDevice, GrantRefresh}
	}
	switch {
	case in.ClientName == "" || in.ClientType == "":
		return wire.Reply{}, invalid("clientName and clientType are required")
	case in.ClientType != "public":
		return wire.Reply{}, wire.Refuse(400, "InvalidClientMetadataException", "Invalid client type: only public clients can register")
	case in.IssuerURL != "" && c.instance == nil:
		return wire.Reply{}, invalid("Invalid issuer url")
	}
	if err := c.checkRegistration(); err != nil {
		return wire.Reply{}, err
	}
	region := c.region
	if c.instance != nil {
		region = c.instance.Spec().Region
	} else if i, err := s.env.Instance(""); region == "" && err == nil {
		region = i.Spec().Region
	}
	now := s.env.Now()
	c.id = random.Text(random.URL, 22) + base64.RawURLEncoding.EncodeToString([]byte(region))
	c.secret = fob.NewSecret("eyJ" + random.Text(random.URL, 16) + random.Marker + random.Text(random.URL, 200))
	c.expires = now.Add(s.env.Settings().Registration).Truncate(time.Second)
	s.clients[c.id] = c
	s.env.Count(func(c *center.Counts) { c.Registrations++ })
	return wire.JSON(http.StatusOK, map[string]any{"clientId": c.id, "clientSecret": c.secret.Reveal(), "clientIdIssuedAt": now.Unix(),
		"clientSecretExpiresAt": c.expires.Unix(), "authorizationEndpoint": nil, "tokenEndpoint": nil}), nil
}

func (c *client) checkRegistration() error {
	for _, g := range c.grants {
		if g != GrantCode && g != GrantDevice && g != GrantRefresh {
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
	if slices.Contains(c.grants, GrantCode) {
		switch {
		case len(c.redirect) == 0:
			return invalid("redirectUris is required for authorization_code")
		case c.instance == nil:
			return invalid("issuerUrl is required for authorization_code")
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
func (c *client) redirects(text string) bool {
	u := loopbackRedirect(text)
	return u != nil && slices.ContainsFunc(c.redirect, func(known string) bool {
		k := loopbackRedirect(known)
		return k.Hostname() == u.Hostname() && k.EscapedPath() == u.EscapedPath()
	})
}

// clientOf finds the client that a request comes from. Only the region where it
// registered knows it.
func (s *Service) clientOf(r *wire.Request, id, secret string) (*client, error) {
	c := s.clients[id]
	switch {
	case id == "" || secret == "":
		return nil, invalid("clientId and clientSecret are required")
	case c == nil || c.region != s.env.RegionOf(r.HTTP.Host) || subtle.ConstantTimeCompare([]byte(secret), []byte(c.secret.Reveal())) != 1:
		return nil, wire.Refuse(http.StatusUnauthorized, "InvalidClientException", "Invalid client id or secret")
	case !s.env.Now().Before(c.expires):
		return nil, wire.Refuse(http.StatusUnauthorized, "InvalidClientException", "Client registration has expired")
	}
	return c, nil
}

func unauthorizedClient(grant string) error {
	return wire.Refuse(400, "UnauthorizedClientException", "Client is not registered for "+grant)
}
