// Package sso is AWS IAM Identity Center: a sign-in (a session), and the roles that it gives in
// many accounts. A sign-in is not an IAM principal, but it is opened, cached, refreshed and shared
// like one; its credentials are only a bearer token.
package sso

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/quote"
)

// sessionSection is the type of the section of a sign-in.
const sessionSection = "sso-session"

// SessionKind returns the kind of the sign-in, the section [sso-session NAME].
func SessionKind() principal.Kind {
	return principal.Kind{
		Name: sessionSection, Word: "sso", Section: sessionSection,
		Doc: "a sign-in of IAM Identity Center (AWS SSO): all its accounts and roles are addressable as NAME/ACCOUNT/ROLE",
		Fields: []principal.Field{
			{Key: "sso_start_url", Flag: "start-url", Doc: "the start URL of the access portal", Example: "https://corp.awsapps.com/start", Required: true,
				Check: principal.CheckPattern(`https?://\S+`, "a URL")},
			{Key: "sso_region", Flag: "region", Doc: "the home region of the Identity Center instance", Example: "eu-west-1", Required: true,
				Check: principal.CheckRegion},
			{Key: "sso_registration_scopes", Flag: "scopes", Doc: "scopes to ask for; sso:account:access by default"},
			{Key: "sso_account_aliases", Flag: "aliases", Doc: "your own names for accounts, NAME=ID,NAME=ID",
				Check: func(v string) error { _, err := principal.ParsePairs(v); return err }},
			{Key: "sso_default_region", Flag: "default-region", Doc: "the region of roles whose own definition says none", Example: "eu-west-1",
				Check: principal.CheckRegion},
			{Key: "sso_role_regions", Flag: "role-regions", Doc: "the region of single accounts and roles instead, 'ACCOUNT=REGION ACCOUNT/ROLE=REGION'",
				Check: checkRoleRegions},
			{Key: "auto_login", Doc: "when to open the sign-in page by itself: terminal (the default), always or never",
				Check: principal.CheckPattern("terminal|always|never", "terminal, always or never")},
		},
		Services: []string{"sso", "sso_oidc"},
		// A profile with a session and no role is not a definition of its own: it stands for that
		// session.
		Match: func(p fob.Profile) bool {
			return p.Get("sso_start_url") != "" && p.Get("sso_account_id") == "" && p.Get("sso_session") == ""
		},
		Yields: func(fob.Profile) principal.Yield { return principal.BearerToken },
		Lasts:  func(fob.Profile) time.Duration { return longestSignIn },
		Group: &principal.Group{
			Key:    "sso_session",
			Shared: []string{"sso_start_url", "sso_region", "sso_registration_scopes", "ca_bundle", "use_fips_endpoint", "use_dualstack_endpoint"}, Services: []string{"sso", "sso_oidc"},
			Instance: "sso_start_url", Region: "sso_region", Aliases: "sso_account_aliases",
			RoleRegion: roleRegion,
			Role: func(account, role string) map[string]string {
				return map[string]string{"sso_account_id": account, "sso_role_name": role}
			},
			Inline: inline, Definition: definition,
		},
		Open: func(p fob.Profile, env principal.Env) (principal.Principal, error) { return open(p, env), nil },
	}
}

// longestSignIn is the longest session of the access portal that an administrator can set, and the
// lifetime of a client registration.
const longestSignIn = 90 * 24 * time.Hour

// inline returns the name of the sign-in that a profile without sso_session defines by its own keys
// (AWS's older form): the start URL and the region.
func inline(keys map[string]string) string {
	if keys["sso_start_url"] == "" || keys["sso_session"] != "" {
		return ""
	}
	return keys["sso_start_url"] + " " + keys["sso_region"]
}

// definition is the inverse of inline. Users name such a sign-in by its URL.
func definition(name string) (url string, keys map[string]string, ok bool) {
	url, region, _ := strings.Cut(name, " ")
	return url, map[string]string{"sso_start_url": url, "sso_region": region}, strings.Contains(url, "://")
}

// Asks reports whether a person must sign in, because there is no refresh token.
func (s *session) Asks() bool {
	_, err := s.env.Tokens.Get(s.item("refresh"))
	_, known := s.registered()
	return err != nil || !known
}

type session struct {
	profile fob.Profile
	env     principal.Env
	oidc    *ssooidc.Client
}

func open(p fob.Profile, env principal.Env) *session { return &session{p, env, client(p, env)} }

func client(p fob.Profile, env principal.Env) *ssooidc.Client {
	opts := ssooidc.Options{Region: p.Get("sso_region"), HTTPClient: env.HTTP, RetryMaxAttempts: 3, APIOptions: principal.Limited()}
	opts.EndpointOptions.UseFIPSEndpoint, opts.EndpointOptions.UseDualStackEndpoint = principal.Variants(p)
	if url := p.Endpoint("sso_oidc"); url != "" {
		opts.BaseEndpoint = aws.String(url)
	}
	return ssooidc.New(opts)
}

// registration is our client registration at the instance, as it is stored.
type registration struct {
	ID      string    `json:"id"`
	Secret  string    `json:"secret"`
	Expires time.Time `json:"expires"`
}

// item names a stored token of this sign-in. The name is made from the instance's facts and not
// from the session's name, which may be reused for another instance.
func (s *session) item(what string) string {
	p := s.profile
	sum := sha256.Sum256([]byte(strings.Join([]string{
		p.Name, p.Get("sso_start_url"), p.Get("sso_region"), p.Get("sso_registration_scopes"), p.Endpoint("sso_oidc")}, "\x00")))
	return "sso/" + what + "/" + hex.EncodeToString(sum[:16])
}

// forget deletes stored tokens of this sign-in.
func (s *session) forget(ctx context.Context, what ...string) error {
	var errs []error
	for _, one := range what {
		errs = append(errs, s.env.Tokens.Put(ctx, s.item(one), fob.Secret{}))
	}
	return errors.Join(errs...)
}

// Credentials refreshes the token with the refresh token, else signs in with a page. A refresh
// token is deleted only when AWS refuses it, or no longer knows the client that it belongs to.
func (s *session) Credentials(ctx context.Context) (fob.Credentials, error) {
	reg, known := s.registered()
	if refresh, err := s.env.Tokens.Get(s.item("refresh")); err == nil && known {
		c, err := s.exchange(ctx, reg, &ssooidc.CreateTokenInput{
			GrantType: aws.String("refresh_token"), RefreshToken: aws.String(refresh.Reveal())})
		switch {
		case err == nil:
			return c, nil
		case clientGone(err):
			known = false
			err = s.forget(ctx, "client", "refresh")
		case isDead(err):
			err = s.forget(ctx, "refresh")
		default:
			return fob.Credentials{}, principal.Explain(s.profile.Name, "sign-in "+s.profile.Name, err)
		}
		if err != nil {
			return fob.Credentials{}, err
		}
	}
	if err := s.mayAsk(ctx); err != nil {
		return fob.Credentials{}, err
	}
	if known {
		c, err := s.ask(ctx, reg)
		if !clientGone(err) {
			return c, err
		}
		if err := s.forget(ctx, "client", "refresh"); err != nil {
			return fob.Credentials{}, err
		}
	}
	reg, err := s.register(ctx)
	if err != nil {
		return fob.Credentials{}, err
	}
	return s.ask(ctx, reg)
}

// ask signs in with a page.
func (s *session) ask(ctx context.Context, reg registration) (fob.Credentials, error) {
	if s.env.DeviceCode {
		return s.byDevice(ctx, reg)
	}
	return s.byRedirect(ctx, reg)
}

// mayAsk fails at once, before any call, if no page could be shown.
func (s *session) mayAsk(ctx context.Context) error {
	hint := "fob login " + quote.Word(s.profile.Name)
	if s.profile.Get("auto_login") == "never" && !s.env.OnPurpose {
		return fob.Errorf(fob.ErrSignIn, "you are not signed in to %s", s.profile.Name).WithHint("%s", hint)
	}
	if !s.env.UI.Reach(ctx).Page(s.always()) {
		return fob.Errorf(fob.ErrNobody, "you are not signed in to %s, and nobody is here to sign in", s.profile.Name).WithHint("%s", hint)
	}
	return nil
}

// always reports whether the page also opens for callers without a terminal.
func (s *session) always() bool {
	return s.profile.Get("auto_login") == "always" || s.env.OnPurpose
}

func (s *session) page(url, code string) fob.Page {
	return fob.Page{Title: "sign in to " + s.profile.Name, URL: url, Code: code, Returns: code == "", Always: s.always()}
}

// registrationSlack is how much lifetime a registration must have left to be used.
const registrationSlack = 15 * time.Minute

func (s *session) registered() (registration, bool) {
	var r registration
	text, err := s.env.Tokens.Get(s.item("client"))
	if err != nil || json.Unmarshal([]byte(text.Reveal()), &r) != nil {
		return r, false
	}
	return r, r.Expires.Sub(s.env.Now()) > registrationSlack
}

// redirectPath is the path that AWS accepts for public clients on loopback.
const redirectPath = "/oauth/callback"

// register makes a client for all grants that fob uses, so that changing from a browser to a device
// code needs no new one.
func (s *session) register(ctx context.Context) (registration, error) {
	out, err := s.oidc.RegisterClient(ctx, &ssooidc.RegisterClientInput{
		ClientName: aws.String("fob"), ClientType: aws.String("public"),
		GrantTypes:   []string{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"},
		RedirectUris: []string{"http://127.0.0.1" + redirectPath},
		IssuerUrl:    aws.String(s.profile.Get("sso_start_url")),
		Scopes:       s.scopes(),
	})
	if err != nil {
		return registration{}, principal.Explain(s.profile.Name, "registering at "+s.profile.Name, err)
	}
	if aws.ToString(out.ClientId) == "" || aws.ToString(out.ClientSecret) == "" {
		return registration{}, fob.Errorf(fob.ErrNetwork, "registering at %s: the answer has no client", s.profile.Name).
			WithHint("check that no proxy or captive portal answers in AWS's place")
	}
	expires, latest := time.Unix(out.ClientSecretExpiresAt, 0), s.env.Now().Add(longestSignIn)
	if out.ClientSecretExpiresAt == 0 || expires.After(latest) { // zero means never: RFC 7591, section 3.2.1
		expires = latest
	}
	r := registration{aws.ToString(out.ClientId), aws.ToString(out.ClientSecret), expires}
	text, err := json.Marshal(r)
	if err != nil {
		return r, err
	}
	return r, s.env.Tokens.Put(ctx, s.item("client"), fob.NewSecret(string(text)))
}

func (s *session) scopes() []string {
	if list := principal.SplitList(s.profile.Get("sso_registration_scopes")); len(list) > 0 {
		return list
	}
	return []string{"sso:account:access"} // without a scope AWS gives no refresh token
}

// exchange requests a token and stores the refresh token that comes with it.
func (s *session) exchange(ctx context.Context, reg registration, in *ssooidc.CreateTokenInput) (fob.Credentials, error) {
	c, refresh, err := s.token(ctx, reg, in)
	if err == nil && !refresh.IsZero() {
		err = s.env.Tokens.Put(ctx, s.item("refresh"), refresh)
	}
	if err != nil {
		return fob.Credentials{}, err
	}
	return c, nil
}

// token requests a token.
func (s *session) token(ctx context.Context, reg registration, in *ssooidc.CreateTokenInput) (c fob.Credentials, refresh fob.Secret, err error) {
	in.ClientId, in.ClientSecret = aws.String(reg.ID), aws.String(reg.Secret)
	out, err := s.oidc.CreateToken(ctx, in)
	if err != nil {
		return c, refresh, err
	}
	if aws.ToString(out.AccessToken) == "" || out.ExpiresIn <= 0 {
		return c, refresh, fob.Errorf(fob.ErrNetwork, "the answer to the sign-in has no token").
			WithHint("check that no proxy or captive portal answers in AWS's place")
	}
	return fob.Credentials{
		SessionToken: fob.NewSecret(*out.AccessToken),
		Expiration:   s.env.Now().Add(time.Duration(out.ExpiresIn) * time.Second).UTC(),
	}, fob.NewSecret(aws.ToString(out.RefreshToken)), nil
}
