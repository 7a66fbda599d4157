package sso

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"

	"fob/internal/fob"
	"fob/internal/principal"
)

// signInLimit bounds how long a page may stay open.
const signInLimit = 5 * time.Minute

// byRedirect signs in on a page that redirects back to loopback (authorization
// code with PKCE, RFC 7636). AWS's parameter is scopes, in the plural.
func (s *session) byRedirect(ctx context.Context, reg registration) (fob.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, signInLimit)
	defer cancel()
	verifier, state := randomText(), randomText()
	redirect, err := s.env.Redirect(redirectPath, state)
	if err != nil {
		return fob.Credentials{}, err
	}
	defer redirect.Close()
	base, err := s.endpoint(ctx)
	if err != nil {
		return fob.Credentials{}, err
	}
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {reg.ID}, "redirect_uri": {redirect.URL()}, "state": {state},
		"code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
		"scopes": {strings.Join(s.scopes(), " ")},
	}
	if err := s.env.UI.Open(ctx, s.page(base+"/authorize?"+query.Encode(), "")); err != nil {
		return fob.Credentials{}, err
	}
	answer, err := redirect.Wait(ctx)
	if err != nil {
		return fob.Credentials{}, s.notDone(err)
	}
	if answer.Get("error") != "" || answer.Get("code") == "" {
		return fob.Credentials{}, s.denied()
	}
	c, err := s.exchange(ctx, reg, &ssooidc.CreateTokenInput{
		GrantType: aws.String("authorization_code"), Code: aws.String(answer.Get("code")),
		CodeVerifier: aws.String(verifier), RedirectUri: aws.String(redirect.URL()),
	})
	return c, principal.Explain(s.profile.Name, "sign-in "+s.profile.Name, err)
}

func (s *session) denied() error {
	return fob.Errorf(fob.ErrCancelled, "the sign-in to %s was denied on the page", s.profile.Name).WithHint("fob login %s", s.profile.Name)
}

func (s *session) notDone(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fob.Errorf(fob.ErrSignIn, "nobody signed in to %s within %v", s.profile.Name, signInLimit).WithHint("fob login %s", s.profile.Name)
	}
	return err
}

// endpoint is the base of the OIDC endpoint: the definition's, else AWS's for
// the region, from the SDK's own data of all partitions.
func (s *session) endpoint(ctx context.Context) (string, error) {
	if base := s.profile.Endpoint("sso_oidc"); base != "" {
		return strings.TrimSuffix(base, "/"), nil
	}
	e, err := ssooidc.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, ssooidc.EndpointParameters{
		Region: aws.String(s.profile.Get("sso_region")), UseFIPS: aws.Bool(false), UseDualStack: aws.Bool(false)})
	if err != nil {
		return "", fob.Errorf(fob.ErrUsage, "sign-in %s: no endpoint is known for region %q", s.profile.Name, s.profile.Get("sso_region")).
			WithHint("correct sso_region")
	}
	return strings.TrimSuffix(e.URI.String(), "/"), nil
}

// randomText is 256 bits in the alphabet of PKCE verifiers.
func randomText() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(raw)
}

// byDevice signs in on any device, with a code that page and terminal show.
func (s *session) byDevice(ctx context.Context, reg registration) (fob.Credentials, error) {
	start, err := s.oidc.StartDeviceAuthorization(ctx, &ssooidc.StartDeviceAuthorizationInput{
		ClientId: aws.String(reg.ID), ClientSecret: aws.String(reg.Secret), StartUrl: aws.String(s.profile.Get("sso_start_url"))})
	if err != nil {
		return fob.Credentials{}, principal.Explain(s.profile.Name, "sign-in "+s.profile.Name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(start.ExpiresIn)*time.Second)
	defer cancel()
	if err := s.env.UI.Open(ctx, s.page(aws.ToString(start.VerificationUriComplete), aws.ToString(start.UserCode))); err != nil {
		return fob.Credentials{}, err
	}
	interval := max(time.Duration(start.Interval)*time.Second, time.Second)
	for {
		select {
		case <-time.After(interval):
		case <-ctx.Done():
			return fob.Credentials{}, s.notDone(ctx.Err())
		}
		c, err := s.exchange(ctx, reg, &ssooidc.CreateTokenInput{
			GrantType: aws.String("urn:ietf:params:oauth:grant-type:device_code"), DeviceCode: start.DeviceCode})
		var pending *types.AuthorizationPendingException
		var slow *types.SlowDownException
		var refused *types.AccessDeniedException
		switch {
		case errors.As(err, &pending):
		case errors.As(err, &slow):
			interval += 5 * time.Second // RFC 8628 §3.5
		case errors.As(err, &refused):
			return fob.Credentials{}, s.denied()
		default:
			return c, principal.Explain(s.profile.Name, "sign-in "+s.profile.Name, err)
		}
	}
}
