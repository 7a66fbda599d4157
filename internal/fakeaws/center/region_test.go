package center_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/oidc"
	"fob/internal/fakeaws/stage"
)

// anyHost sends requests for every host to the stage, without TLS.
func anyHost(st *stage.Stage) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(st.HTTP.URL, "http://"))
	}}}
}

// An instance, what it issues, and who registered there are known in their region
// only: a wrong sso_region fails at each step.
func TestInstancesAreRegional(t *testing.T) {
	t.Parallel()
	const start = "https://corp.awsapps.com/start"
	st := stage.New(t, fakeaws.Options{})
	corp := st.AddInstance(fakeaws.InstanceSpec{StartURL: start, Region: "eu-west-1"})
	corp.AddAccount(fakeaws.AccountSpec{ID: "777766665555", Roles: []string{"Admin"}})
	st.SetSSO(func(s *fakeaws.SSOSettings) { s.Pages, s.Interval = fakeaws.PagesApprove, 0 })
	client := anyHost(st)
	at := func(region string) *ssooidc.Client {
		return ssooidc.New(ssooidc.Options{Region: region, BaseEndpoint: aws.String("http://oidc." + region + ".amazonaws.com"), HTTPClient: client, RetryMaxAttempts: 1})
	}
	register := func(region, issuer string) (*ssooidc.RegisterClientOutput, error) {
		in := &ssooidc.RegisterClientInput{ClientName: aws.String("x"), ClientType: aws.String("public"), Scopes: []string{"sso:account:access"},
			GrantTypes: []string{oidc.GrantDevice, oidc.GrantCode, oidc.GrantRefresh}, RedirectUris: []string{"http://127.0.0.1/oauth/callback"}, IssuerUrl: &issuer}
		return at(region).RegisterClient(t.Context(), in)
	}
	_, err := register("us-east-1", start)
	stage.WantHTTP(t, err, 400, "InvalidRequestException")
	reg, err := register("eu-west-1", start)
	if err != nil {
		t.Fatal(err)
	}
	// Where the client has registered, and with an issuer that is elsewhere.
	device := func(region string, reg *ssooidc.RegisterClientOutput) (*ssooidc.StartDeviceAuthorizationOutput, error) {
		return at(region).StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{ClientId: reg.ClientId, ClientSecret: reg.ClientSecret, StartUrl: aws.String(start)})
	}
	_, err = device("us-east-1", reg)
	stage.WantHTTP(t, err, 401, "InvalidClientException")
	stranger, err := at("us-east-1").RegisterClient(t.Context(), &ssooidc.RegisterClientInput{ClientName: aws.String("x"), ClientType: aws.String("public")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = device("us-east-1", stranger)
	stage.WantHTTP(t, err, 400, "InvalidRequestException")
	started, err := device("eu-west-1", reg)
	if err != nil || !strings.HasPrefix(*started.VerificationUri, "http://oidc.eu-west-1.amazonaws.com/") {
		t.Fatal(err, aws.ToString(started.VerificationUri))
	}
	for region, want := range map[string]int{"us-east-1": 400, "eu-west-1": 302} {
		q := url.Values{"client_id": {*reg.ClientId}, "redirect_uri": {"http://127.0.0.1:1/oauth/callback"}, "state": {"s"}, "response_type": {"code"},
			"code_challenge_method": {"S256"}, "code_challenge": {strings.Repeat("x", 43)}, "scopes": {"sso:account:access"}}
		req, _ := http.NewRequestWithContext(t.Context(), "GET", "http://oidc."+region+".amazonaws.com/authorize?"+q.Encode(), nil)
		resp, err := client.Transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if _ = resp.Body.Close(); resp.StatusCode != want {
			t.Errorf("the page of %s: %d", region, resp.StatusCode)
		}
	}
	if n, err := st.AnswerDevice(*started.UserCode, true); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	token := func(region string) (*ssooidc.CreateTokenOutput, error) {
		return at(region).CreateToken(t.Context(), &ssooidc.CreateTokenInput{ClientId: reg.ClientId, ClientSecret: reg.ClientSecret, GrantType: aws.String(oidc.GrantDevice), DeviceCode: started.DeviceCode})
	}
	_, err = token("us-east-1")
	stage.WantHTTP(t, err, 401, "InvalidClientException")
	tokens, err := token("eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	credentials := func(host string) error {
		p := sso.New(sso.Options{Region: "eu-west-1", BaseEndpoint: aws.String("http://" + host), HTTPClient: client, RetryMaxAttempts: 1})
		_, err := p.GetRoleCredentials(t.Context(), &sso.GetRoleCredentialsInput{AccessToken: tokens.AccessToken, AccountId: aws.String("777766665555"), RoleName: aws.String("Admin")})
		return err
	}
	stage.WantHTTP(t, credentials("portal.sso.us-east-1.amazonaws.com"), 401, "UnauthorizedException")
	stage.WantHTTP(t, credentials("portal.sso.eu-west-1.amazonaws.com"), 0, "")
	if err := credentials("oidc.eu-west-1.amazonaws.com"); err == nil {
		t.Error("the portal answers on the host of another service")
	}
}

// The fake's own address is of every region, unless one was set.
func TestOwnAddressRegion(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{Region: "eu-west-1"})
	c := ssooidc.New(ssooidc.Options{Region: "eu-west-1", BaseEndpoint: &st.HTTP.URL, RetryMaxAttempts: 1})
	in := &ssooidc.RegisterClientInput{ClientName: aws.String("x"), ClientType: aws.String("public"), IssuerUrl: aws.String(st.SSO.StartURL(st.HTTP.URL))}
	_, err := c.RegisterClient(t.Context(), in)
	stage.WantHTTP(t, err, 400, "InvalidRequestException") // the instance is in us-east-1
	st.AddInstance(fakeaws.InstanceSpec{StartURL: "/here", Region: "eu-west-1"})
	in.IssuerUrl = aws.String(st.HTTP.URL + "/here")
	_, err = c.RegisterClient(t.Context(), in)
	stage.WantHTTP(t, err, 0, "")
}
