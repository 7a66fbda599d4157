package fakeaws

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"fob/internal/fakeaws/random"
	"fob/internal/fakeaws/wire"
)

// codeGrant is an authorization code.
type codeGrant struct {
	client    *oidcClient
	session   *portalSession
	redirect  string
	challenge string
	scopes    []string
	expires   time.Time
}

type accessToken struct {
	session *portalSession
	scopes  []string
	expires time.Time
}

type refreshToken struct {
	client  *oidcClient
	session *portalSession
	scopes  []string
}

type tokenInput struct {
	ClientID, ClientSecret, GrantType string
	DeviceCode                        string
	Code, RedirectURI, CodeVerifier   string
	RefreshToken                      string
}

// noteVerifier remembers the verifier that a request brings, whatever becomes of it.
func (st *ssoState) noteVerifier(r *wire.Request) {
	var in tokenInput
	if r.JSON(&in) == nil && in.CodeVerifier != "" {
		st.verifiers = append(st.verifiers, in.CodeVerifier)
	}
}

// Verifiers are all code verifiers (PKCE) that were sent so far. They are their
// senders' own secrets and so have no [Marker]: tests search for them afterwards.
func (s *Server) Verifiers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sso.verifiers)
}

func invalidGrant(message string) error { return wire.Refuse(400, "InvalidGrantException", message) }

// createToken trades a grant for tokens.
func (s *Server) createToken(r *wire.Request) (wire.Reply, error) {
	var in tokenInput
	if err := r.JSON(&in); err != nil {
		return wire.Reply{}, err
	}
	c, err := s.client(in.ClientID, in.ClientSecret)
	if err != nil {
		return wire.Reply{}, err
	}
	redeem := map[string]func(*oidcClient, tokenInput) (*portalSession, []string, error){
		grantCode: s.redeemCode, grantDevice: s.redeemDevice, grantRefresh: s.redeemRefresh,
	}[in.GrantType]
	switch {
	case in.GrantType == "":
		return wire.Reply{}, oidcInvalid("grantType is required")
	case redeem == nil:
		return wire.Reply{}, wire.Refuse(400, "UnsupportedGrantTypeException", "Unsupported grant type: "+in.GrantType)
	case !slices.Contains(c.grants, in.GrantType):
		return wire.Reply{}, unauthorizedClient(in.GrantType)
	}
	ses, scopes, err := redeem(c, in)
	if err != nil {
		return wire.Reply{}, err
	}
	s.sso.counts.Exchanges[in.GrantType[strings.LastIndex(in.GrantType, ":")+1:]]++
	return wire.JSON(http.StatusOK, s.issueTokens(c, ses, scopes, in)), nil
}

// redeemCode checks an authorization code, which has one try: whoever intercepts
// it cannot guess the verifier.
func (s *Server) redeemCode(c *oidcClient, in tokenInput) (*portalSession, []string, error) {
	if in.Code == "" || in.RedirectURI == "" || in.CodeVerifier == "" {
		return nil, nil, oidcInvalid("code, redirectUri and codeVerifier are required")
	}
	if n := len(in.CodeVerifier); n < 43 || n > 128 || !wire.Wordy("-.~").OK(in.CodeVerifier) {
		return nil, nil, oidcInvalid("codeVerifier is not 43 to 128 unreserved characters")
	}
	g := s.sso.codes[in.Code]
	if g == nil || g.client != c || !s.Now().Before(g.expires) {
		return nil, nil, invalidGrant("Invalid authorization code provided")
	}
	delete(s.sso.codes, in.Code)
	sum := sha256.Sum256([]byte(in.CodeVerifier))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	if g.redirect != in.RedirectURI || subtle.ConstantTimeCompare([]byte(challenge), []byte(g.challenge)) != 1 {
		return nil, nil, invalidGrant("Invalid redirect uri or code verifier provided")
	}
	return g.session, g.scopes, nil
}

// redeemDevice answers a device's question. One that asks before its interval
// has passed must wait five seconds longer from then on (RFC 8628).
func (s *Server) redeemDevice(c *oidcClient, in tokenInput) (*portalSession, []string, error) {
	if in.DeviceCode == "" {
		return nil, nil, oidcInvalid("deviceCode is required")
	}
	at := slices.IndexFunc(s.sso.devices, func(d *deviceGrant) bool { return d.deviceCode == in.DeviceCode && d.client == c && !d.used })
	if at < 0 {
		return nil, nil, invalidGrant("Invalid device code provided")
	}
	d, now := s.sso.devices[at], s.Now()
	early := d.interval > 0 && !d.asked.IsZero() && now.Sub(d.asked) < d.interval
	d.asked = now
	switch {
	case !now.Before(d.expires):
		return nil, nil, wire.Refuse(400, "ExpiredTokenException", "Device code has expired")
	case early:
		d.interval += 5 * time.Second
		return nil, nil, wire.Refuse(400, "SlowDownException", "Slow down")
	case !d.answered:
		return nil, nil, wire.Refuse(400, "AuthorizationPendingException", "Authorization pending")
	case !d.approved:
		return nil, nil, wire.Refuse(400, "AccessDeniedException", "User denied the request")
	}
	d.used = true
	return s.signIn(d.instance), c.scopes, nil
}

func (s *Server) redeemRefresh(c *oidcClient, in tokenInput) (*portalSession, []string, error) {
	if in.RefreshToken == "" {
		return nil, nil, oidcInvalid("refreshToken is required")
	}
	t := s.sso.refresh[in.RefreshToken]
	if t == nil || t.client != c || t.session.over || !s.Now().Before(t.session.ends) {
		return nil, nil, invalidGrant("Invalid refresh token provided")
	}
	if !s.sso.settings.KeepRefresh {
		delete(s.sso.refresh, in.RefreshToken)
	}
	return t.session, t.scopes, nil
}

// signIn opens a session of an instance's user.
func (s *Server) signIn(i *Instance) *portalSession {
	return &portalSession{instance: i, ends: s.Now().Add(s.sso.settings.Session)}
}

// issueTokens makes an access token: with scopes a short one that comes with a
// refresh token, without them, as before there were any, one for the session.
func (s *Server) issueTokens(c *oidcClient, ses *portalSession, scopes []string, in tokenInput) map[string]any {
	now := s.Now()
	t := &accessToken{session: ses, scopes: scopes, expires: ses.ends}
	if short := now.Add(s.sso.settings.AccessToken); len(scopes) > 0 && short.Before(t.expires) {
		t.expires = short
	}
	access := "aoaAAAAA" + random.Text(random.URL, 16) + random.Marker + random.Text(random.URL, 160)
	s.sso.access[access] = t
	out := map[string]any{"accessToken": access, "tokenType": "Bearer", "expiresIn": int(t.expires.Sub(now) / time.Second)}
	if len(scopes) == 0 || !slices.Contains(c.grants, grantRefresh) || s.sso.settings.NoRefresh {
		return out
	}
	refresh := in.RefreshToken
	if s.sso.refresh[refresh] == nil {
		refresh = "aorAAAAA" + random.Text(random.URL, 16) + random.Marker + random.Text(random.URL, 160)
		s.sso.refresh[refresh] = &refreshToken{c, ses, scopes}
	}
	out["refreshToken"] = refresh
	return out
}
