package stage

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/oidc"
)

const (
	Verifier = "0123456789-0123456789-0123456789-0123456789"
	// Callback is where pages redirect to.
	Callback = "http://127.0.0.1:45678/oauth/callback"
)

// SignIn is a client of Identity Center, with what it knows so far.
type SignIn struct {
	*Stage
	ID, Secret      string
	Access, Refresh string
}

// NewSignIn has a clock that only Advance moves, and a registered client.
func NewSignIn(t *testing.T) *SignIn {
	t.Helper()
	now := time.Now().Truncate(time.Second)
	st := &SignIn{Stage: New(t, fakeaws.Options{Now: func() time.Time { return now }})}
	st.Register(t, nil)
	return st
}

// Start is the start URL.
func (st *SignIn) Start() string { return st.SSO.StartURL(st.HTTP.URL) }

// OIDC is the SDK's client.
func (st *SignIn) OIDC() *ssooidc.Client {
	return ssooidc.New(ssooidc.Options{Region: "us-east-1", BaseEndpoint: &st.HTTP.URL, RetryMaxAttempts: 1})
}

// Portal is the SDK's client.
func (st *SignIn) Portal() *sso.Client {
	return sso.New(sso.Options{Region: "us-east-1", BaseEndpoint: &st.HTTP.URL, RetryMaxAttempts: 1})
}

// Registration is what the client registers with.
func (st *SignIn) Registration() *ssooidc.RegisterClientInput {
	return &ssooidc.RegisterClientInput{
		ClientName: aws.String("fob-test"), ClientType: aws.String("public"), Scopes: []string{"sso:account:access"},
		GrantTypes: []string{oidc.GrantCode, oidc.GrantRefresh, oidc.GrantDevice}, RedirectUris: []string{"http://127.0.0.1/oauth/callback"}, IssuerUrl: aws.String(st.Start()),
	}
}

// Register registers the client anew, its input changed by edit.
func (st *SignIn) Register(t *testing.T, edit func(*ssooidc.RegisterClientInput)) *ssooidc.RegisterClientOutput {
	t.Helper()
	in := st.Registration()
	if edit != nil {
		edit(in)
	}
	out, err := st.OIDC().RegisterClient(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	st.ID, st.Secret = *out.ClientId, *out.ClientSecret
	return out
}

// AuthorizeURL is what a client opens in a browser.
func (st *SignIn) AuthorizeURL(edit func(url.Values)) string {
	sum := sha256.Sum256([]byte(Verifier))
	q := url.Values{"response_type": {"code"}, "client_id": {st.ID}, "redirect_uri": {Callback}, "state": {"the state"},
		"code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "scopes": {"sso:account:access"}}
	if edit != nil {
		edit(q)
	}
	return st.HTTP.URL + "/authorize?" + q.Encode()
}

// Browse sends a request as a browser does, without following where it leads.
func Browse(t *testing.T, method, target string, form url.Values) (status int, location url.Values, body string, header http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	_ = resp.Write(&b)
	u, _ := url.Parse(resp.Header.Get("Location"))
	if u.Path != "" && !strings.HasPrefix(resp.Header.Get("Location"), Callback+"?") {
		t.Fatalf("redirects to %s", u)
	}
	return resp.StatusCode, u.Query(), b.String(), resp.Header
}

// Press presses a button of a page.
func Press(t *testing.T, page, target, button string) (int, url.Values, string) {
	t.Helper()
	if !strings.Contains(page, `<button id="`+button+`"`) {
		t.Fatalf("no button %s on %s", button, page)
	}
	status, location, body, _ := Browse(t, "POST", target, url.Values{"pageToken": {Between(page, `name="pageToken" value="`, `"`)}, "decision": {button}})
	return status, location, body
}

// Code signs in on the page.
func (st *SignIn) Code(t *testing.T) string {
	t.Helper()
	_, _, page, _ := Browse(t, "GET", st.AuthorizeURL(nil), nil)
	status, location, body := Press(t, page, st.HTTP.URL+"/authorize", "approve")
	if status != http.StatusSeeOther || location.Get("state") != "the state" || location.Get("code") == "" {
		t.Fatal(status, location, body)
	}
	return location.Get("code")
}

// Exchange calls CreateToken, and keeps what it answers.
func (st *SignIn) Exchange(ctx context.Context, in ssooidc.CreateTokenInput) (*ssooidc.CreateTokenOutput, error) {
	if in.ClientId == nil {
		in.ClientId, in.ClientSecret = &st.ID, &st.Secret
	}
	out, err := st.OIDC().CreateToken(ctx, &in)
	if err == nil {
		st.Access, st.Refresh = *out.AccessToken, aws.ToString(out.RefreshToken)
	}
	return out, err
}

// Redeem exchanges a code.
func (st *SignIn) Redeem(ctx context.Context, code string) (*ssooidc.CreateTokenOutput, error) {
	return st.Exchange(ctx, ssooidc.CreateTokenInput{GrantType: aws.String(oidc.GrantCode), Code: &code, CodeVerifier: aws.String(Verifier), RedirectUri: aws.String(Callback)})
}

// Renew exchanges a refresh token.
func (st *SignIn) Renew(ctx context.Context, token string) (*ssooidc.CreateTokenOutput, error) {
	return st.Exchange(ctx, ssooidc.CreateTokenInput{GrantType: aws.String(oidc.GrantRefresh), RefreshToken: &token})
}

// SignedIn signs in on the page.
func (st *SignIn) SignedIn(t *testing.T) *ssooidc.CreateTokenOutput {
	t.Helper()
	out, err := st.Redeem(t.Context(), st.Code(t))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Accounts asks the portal for accounts, and gives the error only.
func (st *SignIn) Accounts(t *testing.T) error {
	t.Helper()
	_, err := st.Portal().ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: &st.Access})
	return err
}

// Credentials asks the portal for credentials of a role.
func (st *SignIn) Credentials(ctx context.Context, account, role string) (*sso.GetRoleCredentialsOutput, error) {
	return st.Portal().GetRoleCredentials(ctx, &sso.GetRoleCredentialsInput{AccessToken: &st.Access, AccountId: &account, RoleName: &role})
}

// WantHTTP checks an error's status and code; no status means no error.
func WantHTTP(t *testing.T, err error, status int, code string) {
	t.Helper()
	var resp *smithyhttp.ResponseError
	var api smithy.APIError
	switch {
	case status == 0 && err == nil:
	case !errors.As(err, &resp) || !errors.As(err, &api):
		t.Fatalf("got %v, want %d %s", err, status, code)
	case resp.HTTPStatusCode() != status || api.ErrorCode() != code:
		t.Fatalf("got %d %s %s, want %d %s", resp.HTTPStatusCode(), api.ErrorCode(), api.ErrorMessage(), status, code)
	}
}

// List follows the pages of accounts, and calls between on the way.
func (st *SignIn) List(ctx context.Context, t *testing.T, size int32, between func()) (names []string, pages int) {
	t.Helper()
	in := &sso.ListAccountsInput{AccessToken: &st.Access}
	if size > 0 {
		in.MaxResults = &size
	}
	for {
		out, err := st.Portal().ListAccounts(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, a := range out.AccountList {
			names = append(names, *a.AccountName+"="+*a.AccountId)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return names, pages
		}
		between()
		between = func() {}
	}
}

// StartDevice begins a sign-in on another device; poll asks whether it is answered.
func (st *SignIn) StartDevice(t *testing.T) (out *ssooidc.StartDeviceAuthorizationOutput, poll func(context.Context) error) {
	t.Helper()
	out, err := st.OIDC().StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{ClientId: &st.ID, ClientSecret: &st.Secret, StartUrl: aws.String(st.Start())})
	if err != nil {
		t.Fatal(err)
	}
	return out, func(ctx context.Context) error {
		_, err := st.Exchange(ctx, ssooidc.CreateTokenInput{GrantType: aws.String(oidc.GrantDevice), DeviceCode: out.DeviceCode})
		return err
	}
}
