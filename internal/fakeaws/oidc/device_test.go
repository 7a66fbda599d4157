package oidc_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/oidc"
	"fob/internal/fakeaws/stage"
)

func TestDevice(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	start, poll := st.StartDevice(t)
	if start.ExpiresIn != 600 || start.Interval != 1 || len(*start.UserCode) != 9 || !strings.Contains(*start.DeviceCode, fakeaws.Marker) ||
		*start.VerificationUriComplete != st.HTTP.URL+"/device?user_code="+*start.UserCode {
		t.Fatalf("%+v", start)
	}
	var pending *types.AuthorizationPendingException
	if err := poll(t.Context()); !errors.As(err, &pending) {
		t.Fatal(err)
	}
	stage.WantHTTP(t, poll(t.Context()), 400, "SlowDownException") // too early
	st.Advance(5 * time.Second)
	stage.WantHTTP(t, poll(t.Context()), 400, "SlowDownException") // six seconds by now
	_, _, page, _ := stage.Browse(t, "GET", *start.VerificationUriComplete, nil)
	if status, _, body := stage.Press(t, page, st.HTTP.URL+"/device", "approve"); status != 200 || !strings.Contains(body, "approved") {
		t.Fatal(status, body)
	}
	st.Advance(11 * time.Second)
	stage.WantHTTP(t, poll(t.Context()), 0, "")
	stage.WantHTTP(t, st.Accounts(t), 0, "")
	stage.WantHTTP(t, poll(t.Context()), 400, "InvalidGrantException")
	if status, _, _, _ := stage.Browse(t, "GET", *start.VerificationUriComplete, nil); status != 400 {
		t.Errorf("a used code opens a page: %d", status)
	}
	if c := st.SSOCounts(); c.DevicePages != 2 || c.Exchanges["device_code"] != 1 {
		t.Errorf("counts %+v", c)
	}
}

func TestDeviceEndings(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	start, poll := st.StartDevice(t)
	if n, err := st.AnswerDevice(*start.UserCode, false); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	stage.WantHTTP(t, poll(t.Context()), 400, "AccessDeniedException")
	_, poll = st.StartDevice(t)
	if n, err := st.AnswerDevice("", true); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	stage.WantHTTP(t, poll(t.Context()), 0, "")
	_, poll = st.StartDevice(t)
	st.Advance(10 * time.Minute)
	stage.WantHTTP(t, poll(t.Context()), 400, "ExpiredTokenException")
	if _, err := st.AnswerDevice("AAAA-AAAA", true); err == nil {
		t.Error("an unknown code was answered")
	}
	st.SetSSO(func(c *fakeaws.SSOSettings) { c.Interval, c.Pages = 0, fakeaws.PagesApprove })
	start, poll = st.StartDevice(t)
	if start.Interval != 0 {
		t.Errorf("interval %d", start.Interval)
	}
	stage.WantHTTP(t, poll(t.Context()), 400, "AuthorizationPendingException")
	stage.WantHTTP(t, poll(t.Context()), 400, "AuthorizationPendingException")
	stage.Browse(t, "GET", *start.VerificationUriComplete, nil)
	stage.WantHTTP(t, poll(t.Context()), 0, "")
	_, err := st.OIDC().StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{ClientId: &st.ID, ClientSecret: &st.Secret, StartUrl: aws.String("https://other/start")})
	stage.WantHTTP(t, err, 400, "InvalidRequestException")
	st.Register(t, func(in *ssooidc.RegisterClientInput) { in.GrantTypes = []string{oidc.GrantCode} })
	_, err = st.OIDC().StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{ClientId: &st.ID, ClientSecret: &st.Secret, StartUrl: aws.String(st.Start())})
	stage.WantHTTP(t, err, 400, "UnauthorizedClientException")
}
