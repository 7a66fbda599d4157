package fakeaws

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"
)

func (st *ssoStage) startDevice(t *testing.T) (*ssooidc.StartDeviceAuthorizationOutput, func(context.Context) error) {
	t.Helper()
	out, err := st.oidc().StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{ClientId: &st.id, ClientSecret: &st.secret, StartUrl: aws.String(st.start())})
	if err != nil {
		t.Fatal(err)
	}
	return out, func(ctx context.Context) error {
		_, err := st.exchange(ctx, ssooidc.CreateTokenInput{GrantType: aws.String(grantDevice), DeviceCode: out.DeviceCode})
		return err
	}
}

func TestDevice(t *testing.T) {
	t.Parallel()
	st := newSSOStage(t)
	start, poll := st.startDevice(t)
	if start.ExpiresIn != 600 || start.Interval != 1 || len(*start.UserCode) != 9 || !strings.Contains(*start.DeviceCode, Marker) ||
		*start.VerificationUriComplete != st.http.URL+"/device?user_code="+*start.UserCode {
		t.Fatalf("%+v", start)
	}
	var pending *types.AuthorizationPendingException
	if err := poll(t.Context()); !errors.As(err, &pending) {
		t.Fatal(err)
	}
	wantHTTP(t, poll(t.Context()), 400, "SlowDownException") // too early
	st.Advance(5 * time.Second)
	wantHTTP(t, poll(t.Context()), 400, "SlowDownException") // six seconds by now
	_, _, page, _ := browse(t, "GET", *start.VerificationUriComplete, nil)
	if status, _, body := press(t, page, st.http.URL+"/device", "approve"); status != 200 || !strings.Contains(body, "approved") {
		t.Fatal(status, body)
	}
	st.Advance(11 * time.Second)
	wantHTTP(t, poll(t.Context()), 0, "")
	wantHTTP(t, st.accounts(t), 0, "")
	wantHTTP(t, poll(t.Context()), 400, "InvalidGrantException")
	if status, _, _, _ := browse(t, "GET", *start.VerificationUriComplete, nil); status != 400 {
		t.Errorf("a used code opens a page: %d", status)
	}
	if c := st.SSOCounts(); c.DevicePages != 2 || c.Exchanges["device_code"] != 1 {
		t.Errorf("counts %+v", c)
	}
}

func TestDeviceEndings(t *testing.T) {
	t.Parallel()
	st := newSSOStage(t)
	start, poll := st.startDevice(t)
	if n, err := st.AnswerDevice(*start.UserCode, false); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	wantHTTP(t, poll(t.Context()), 400, "AccessDeniedException")
	_, poll = st.startDevice(t)
	if n, err := st.AnswerDevice("", true); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	wantHTTP(t, poll(t.Context()), 0, "")
	_, poll = st.startDevice(t)
	st.Advance(10 * time.Minute)
	wantHTTP(t, poll(t.Context()), 400, "ExpiredTokenException")
	if _, err := st.AnswerDevice("AAAA-AAAA", true); err == nil {
		t.Error("an unknown code was answered")
	}
	st.SetSSO(func(c *SSOSettings) { c.Interval, c.Pages = 0, PagesApprove })
	start, poll = st.startDevice(t)
	if start.Interval != 0 {
		t.Errorf("interval %d", start.Interval)
	}
	wantHTTP(t, poll(t.Context()), 400, "AuthorizationPendingException")
	wantHTTP(t, poll(t.Context()), 400, "AuthorizationPendingException")
	browse(t, "GET", *start.VerificationUriComplete, nil)
	wantHTTP(t, poll(t.Context()), 0, "")
	_, err := st.oidc().StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{ClientId: &st.id, ClientSecret: &st.secret, StartUrl: aws.String("https://other/start")})
	wantHTTP(t, err, 400, "InvalidRequestException")
	st.register(t, func(in *ssooidc.RegisterClientInput) { in.GrantTypes = []string{grantCode} })
	_, err = st.oidc().StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{ClientId: &st.id, ClientSecret: &st.secret, StartUrl: aws.String(st.start())})
	wantHTTP(t, err, 400, "UnauthorizedClientException")
}
