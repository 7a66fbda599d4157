package oidc

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"fob/internal/fakeaws/center"
	"fob/internal/fakeaws/random"
	"fob/internal/fakeaws/wire"
)

// codeGrant is an authorization code.
type codeGrant struct {
	client    *client
	session   *center.SignIn
	redirect  string
	challenge string
	scopes    []string
	expires   time.Time
}

type refreshToken struct {
	client  *client
	session *center.SignIn
	scopes  []string
}

type tokenInput struct {
	ClientID, ClientSecret, GrantType string
	DeviceCode                        string
	Code, RedirectURI, CodeVerifier   string
	RefreshToken                      string
}

// Arrived remembers the verifier that a request brings, whatever becomes of it.
func (s *Service) Arrived(r *wire.Request, action string) {
	var in tokenInput
	if action != "CreateToken" || r.JSON(&in) != nil || in.CodeVerifier == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verifiers = append(s.verifiers, in.CodeVerifier)
}

// Verifiers are all code verifiers (PKCE) that were sent so far. They are their
// senders' own secrets and so have no [random.Marker]: tests search for them
// afterwards.
func (s *Service) Verifiers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.verifiers)
}

func invalidGrant(message string) error { return wire.Refuse(400, "InvalidGrantException", message) }

// createToken trades a grant for tokens.
func (s *Service) createToken(r *wire.Request) (wire.Reply, error) {
	var in tokenInput
	if err := r.JSON(&in); err != nil {
		return wire.Reply{}, err
	}
	c, err := s.clientOf(r, in.ClientID, in.ClientSecret)
	if err != nil {
		return wire.Reply{}, err
	}
	redeem := map[string]func(*client, tokenInput) (*center.SignIn, []string, error){
		GrantCode: s.redeemCode, GrantDevice: s.redeemDevice, GrantRefresh: s.redeemRefresh,
	}[in.GrantType]
	switch {
	case in.GrantType == "":
		return wire.Reply{}, invalid("grantType is required")
	case redeem == nil:
		return wire.Reply{}, wire.Refuse(400, "UnsupportedGrantTypeException", "Unsupported grant type: "+in.GrantType)
	case !slices.Contains(c.grants, in.GrantType):
		return wire.Reply{}, unauthorizedClient(in.GrantType)
	}
	ses, scopes, err := redeem(c, in)
	if err != nil {
		return wire.Reply{}, err
	}
	s.env.Count(func(c *center.Counts) { c.Exchanges[in.GrantType[strings.LastIndex(in.GrantType, ":")+1:]]++ })
	return wire.JSON(http.StatusOK, s.issueTokens(c, ses, scopes, in)), nil
}

// redeemCode checks an authorization code, which has one try: whoever intercepts
// it cannot guess the verifier.
func (s *Service) redeemCode(c *client, in tokenInput) (*center.SignIn, []string, error) {
	if in.Code == "" || in.RedirectURI == "" || in.CodeVerifier == "" {
		return nil, nil, invalid("code, redirectUri and codeVerifier are required")
	}
	if n := len(in.CodeVerifier); n < 43 || n > 128 || !wire.Wordy("-.~").OK(in.CodeVerifier) {
		return nil, nil, invalid("codeVerifier is not 43 to 128 unreserved characters")
	}
	g := s.codes[in.Code]
	if g == nil || g.client != c || !g.session.Live() || !s.env.Now().Before(g.expires) {
		return nil, nil, invalidGrant("Invalid authorization code provided")
	}
	delete(s.codes, in.Code)
	sum := sha256.Sum256([]byte(in.CodeVerifier))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	if g.redirect != in.RedirectURI || subtle.ConstantTimeCompare([]byte(challenge), []byte(g.challenge)) != 1 {
		return nil, nil, invalidGrant("Invalid redirect uri or code verifier provided")
	}
	return g.session, g.scopes, nil
}

// redeemDevice answers a device's question. One that asks before its interval
// has passed must wait five seconds longer from then on (RFC 8628).
func (s *Service) redeemDevice(c *client, in tokenInput) (*center.SignIn, []string, error) {
	if in.DeviceCode == "" {
		return nil, nil, invalid("deviceCode is required")
	}
	at := slices.IndexFunc(s.devices, func(d *deviceGrant) bool { return d.deviceCode == in.DeviceCode && d.client == c && !d.used })
	if at < 0 {
		return nil, nil, invalidGrant("Invalid device code provided")
	}
	d, now := s.devices[at], s.env.Now()
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
	return s.env.SignIn(d.instance), c.scopes, nil
}

func (s *Service) redeemRefresh(c *client, in tokenInput) (*center.SignIn, []string, error) {
	if in.RefreshToken == "" {
		return nil, nil, invalid("refreshToken is required")
	}
	t := s.refresh[in.RefreshToken]
	if t == nil || t.client != c || !t.session.Live() {
		return nil, nil, invalidGrant("Invalid refresh token provided")
	}
	if !s.env.Settings().KeepRefresh {
		delete(s.refresh, in.RefreshToken)
	}
	return t.session, t.scopes, nil
}

// issueTokens makes an access token: with scopes a short one that comes with a
// refresh token, without them, as before there were any, one for the session.
func (s *Service) issueTokens(c *client, ses *center.SignIn, scopes []string, in tokenInput) map[string]any {
	now, expires := s.env.Now(), ses.Ends
	if short := now.Add(s.env.Settings().AccessToken); len(scopes) > 0 && short.Before(expires) {
		expires = short
	}
	access := s.env.IssueAccess(ses, scopes, expires)
	out := map[string]any{"accessToken": access, "tokenType": "Bearer", "expiresIn": int(expires.Sub(now) / time.Second)}
	if len(scopes) == 0 || !slices.Contains(c.grants, GrantRefresh) || s.env.Settings().NoRefresh {
		return out
	}
	refresh := in.RefreshToken
	if s.refresh[refresh] == nil {
		refresh = "aorAAAAA" + random.Text(random.URL, 16) + random.Marker + random.Text(random.URL, 160)
		s.refresh[refresh] = &refreshToken{c, ses, scopes}
	}
	out["refreshToken"] = refresh
	return out
}
