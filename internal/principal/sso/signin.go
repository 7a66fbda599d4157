package sso

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"

	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/quote"
)

// signInLimit bounds how long a page may stay open.
const signInLimit = 5 * time.Minute

// byRedirect signs in on a page that redirects back to loopback (authorization
// code with PKCE, RFC 7636). AWS's parameter is scopes, in the plural.
func (s *session) byRedirect(ctx context.Context, reg registration) (fob.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, signInLimit)
	defer cancel()
	limit := within(ctx)
	verifier, state := randomText(), randomText()
	redirect, err := s.env.Listen(principal.Answer{Method: http.MethodGet, Path: redirectPath, State: state})
	if err != nil {
		return fob.Credentials{}, fob.Errorf(fob.ErrInternal, "cannot listen for the browser's answer: %w", err).
			WithHint("fob login --device-code %s", quote.Word(s.profile.Name))
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
	if _, err := s.env.UI.Open(ctx, s.page(base+"/authorize?"+query.Encode(), "")); err != nil {
		return fob.Credentials{}, err
	}
	answer, err := redirect.Wait(ctx)
	if err != nil {
		// AWS says on the page alone that it has lost our client, and sends nobody
		// back then: the next sign-in does not depend on it.
		if err := s.forget(context.WithoutCancel(ctx), "client", "refresh"); err != nil {
			return fob.Credentials{}, err
		}
		return fob.Credentials{}, s.over(err, limit)
	}
	if err := s.refusal(answer); err != nil {
		return fob.Credentials{}, err
	}
	c, err := s.exchange(ctx, reg, &ssooidc.CreateTokenInput{
		GrantType: aws.String("authorization_code"), Code: aws.String(answer.Get("code")),
		CodeVerifier: aws.String(verifier), RedirectUri: aws.String(redirect.URL()),
	})
	return c, s.notTaken(err)
}

// refusal is what the page says if it says no: RFC 6749 §4.1.2.1.
func (s *session) refusal(answer url.Values) error {
	switch answer.Get("error") {
	case "":
		if answer.Get("code") != "" {
			return nil
		}
	case "access_denied":
		return s.denied()
	case "unauthorized_client":
		return principal.Explain(s.profile.Name, "sign-in "+s.profile.Name, &types.UnauthorizedClientException{})
	case "invalid_request", "invalid_scope", "unsupported_response_type":
		return fob.Errorf(fob.ErrRefused, "the page refused the sign-in to %s (%s)", s.profile.Name, answer.Get("error")).
			WithHint("fob show %s, and check sso_registration_scopes", s.profile.Name)
	case "server_error", "temporarily_unavailable":
		return fob.Errorf(fob.ErrNetwork, "AWS had a fault of its own on the page of the sign-in to %s", s.profile.Name).
			WithHint("fob login %s", quote.Word(s.profile.Name))
	}
	return fob.Errorf(fob.ErrRefused, "the page came back without a sign-in to %s", s.profile.Name).WithHint("fob login %s", quote.Word(s.profile.Name))
}

func (s *session) denied() error {
	return fob.Errorf(fob.ErrCancelled, "the sign-in to %s was denied on the page", s.profile.Name).WithHint("fob login %s", quote.Word(s.profile.Name))
}

// notTaken explains why a code that a page has just given yields no token.
func (s *session) notTaken(err error) error {
	if !isDead(err) {
		return principal.Explain(s.profile.Name, "sign-in "+s.profile.Name, err)
	}
	return &fob.Error{Kind: fob.ErrSignIn, Cause: err, Hint: "fob login " + quote.Word(s.profile.Name),
		Message: fmt.Sprintf("sign-in %s: AWS did not take the page's answer (%s)", s.profile.Name, code(err))}
}

// within is how long is left, for people.
func within(ctx context.Context) string {
	end, ok := ctx.Deadline()
	if !ok {
		return "the time"
	}
	n, unit := int(time.Until(end).Round(time.Second).Seconds()), "second"
	if n >= 60 {
		n, unit = (n+30)/60, "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprint(n, " ", unit)
}

// over is why the wait for a person has ended.
func (s *session) over(err error, limit string) error {
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fob.Errorf(fob.ErrSignIn, "nobody signed in to %s within %s", s.profile.Name, limit).WithHint("fob login %s", quote.Word(s.profile.Name))
}

// endpoint is the base of the OIDC endpoint: the definition's, else AWS's for
// the region, from the SDK's own data of all partitions.
func (s *session) endpoint(ctx context.Context) (string, error) {
	if base := s.profile.Endpoint("sso_oidc"); base != "" {
		return strings.TrimSuffix(base, "/"), nil
	}
	fips, dual := principal.Variants(s.profile)
	e, err := ssooidc.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, ssooidc.EndpointParameters{
		Region: aws.String(s.profile.Get("sso_region")), UseFIPS: aws.Bool(fips == aws.FIPSEndpointStateEnabled), UseDualStack: aws.Bool(dual == aws.DualStackEndpointStateEnabled)})
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

// RFC 8628 §3.2 and §3.5: how often to ask where AWS does not say, and how much
// less often when it says so. A line that is down slows us down up to slowest.
const (
	askEvery = 5 * time.Second
	slowDown = 5 * time.Second
	slowest  = 30 * time.Second
	// longestCode is how long a device code is believed to be good; AWS's are for ten minutes.
	longestCode = 30 * time.Minute
)

// byDevice signs in on any device, with a code that page and terminal show.
func (s *session) byDevice(ctx context.Context, reg registration) (fob.Credentials, error) {
	start, err := s.oidc.StartDeviceAuthorization(ctx, &ssooidc.StartDeviceAuthorizationInput{
		ClientId: aws.String(reg.ID), ClientSecret: aws.String(reg.Secret), StartUrl: aws.String(s.profile.Get("sso_start_url"))})
	if err != nil {
		return fob.Credentials{}, principal.Explain(s.profile.Name, "sign-in "+s.profile.Name, err)
	}
	lasts := min(time.Duration(start.ExpiresIn)*time.Second, longestCode)
	if lasts <= 0 || aws.ToString(start.DeviceCode) == "" {
		return fob.Credentials{}, fob.Errorf(fob.ErrNetwork, "sign-in %s: the answer has no code that could be used", s.profile.Name).
			WithHint("check that no proxy or captive portal answers in AWS's place")
	}
	ctx, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	limit := within(ctx)
	if _, err := s.env.UI.Open(ctx, s.page(aws.ToString(start.VerificationUriComplete), aws.ToString(start.UserCode))); err != nil {
		return fob.Credentials{}, err
	}
	interval := min(time.Duration(start.Interval)*time.Second, slowest)
	if interval <= 0 {
		interval = askEvery
	}
	for {
		select {
		case <-time.After(interval):
		case <-ctx.Done():
			return fob.Credentials{}, s.over(ctx.Err(), limit)
		}
		c, err := s.exchange(ctx, reg, &ssooidc.CreateTokenInput{
			GrantType: aws.String("urn:ietf:params:oauth:grant-type:device_code"), DeviceCode: start.DeviceCode})
		var pending *types.AuthorizationPendingException
		var slow *types.SlowDownException
		var refused *types.AccessDeniedException
		var expired *types.ExpiredTokenException
		switch {
		case errors.As(err, &pending):
		case errors.As(err, &slow):
			interval += slowDown
		case errors.As(err, &refused):
			return fob.Credentials{}, s.denied()
		case errors.As(err, &expired):
			return fob.Credentials{}, s.over(context.DeadlineExceeded, limit)
		case err != nil && ctx.Err() != nil:
			return fob.Credentials{}, s.over(ctx.Err(), limit)
		case isTransient(err):
			interval = max(interval, min(2*interval, slowest))
		default:
			return c, s.notTaken(err)
		}
	}
}
