package fakeaws

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
)

const (
	verifier = "0123456789-0123456789-0123456789-0123456789"
	callback = "http://127.0.0.1:45678/oauth/callback"
)

// ssoStage is a client of Identity Center, with what it knows so far.
type ssoStage struct {
	*stage
	id, secret      string
	access, refresh string
}

// newSSOStage has a clock that only Advance moves, and a registered client.
func newSSOStage(t *testing.T) *ssoStage {
	t.Helper()
	now := time.Now().Truncate(time.Second)
	st := &ssoStage{stage: newStage(t, Options{Now: func() time.Time { return now }})}
	st.register(t, nil)
	return st
}

func (st *ssoStage) start() string { return st.SSO.StartURL(st.http.URL) }

func (st *ssoStage) oidc() *ssooidc.Client {
	return ssooidc.New(ssooidc.Options{Region: "us-east-1", BaseEndpoint: &st.http.URL, RetryMaxAttempts: 1})
}

func (st *ssoStage) portal() *sso.Client {
	return sso.New(sso.Options{Region: "us-east-1", BaseEndpoint: &st.http.URL, RetryMaxAttempts: 1})
}

func (st *ssoStage) registration() *ssooidc.RegisterClientInput {
	return &ssooidc.RegisterClientInput{
		ClientName: aws.String("fob-test"), ClientType: aws.String("public"), Scopes: []string{"sso:account:access"},
		GrantTypes: []string{grantCode, grantRefresh, grantDevice}, RedirectUris: []string{"http://127.0.0.1/oauth/callback"}, IssuerUrl: aws.String(st.start()),
	}
}

func (st *ssoStage) register(t *testing.T, edit func(*ssooidc.RegisterClientInput)) *ssooidc.RegisterClientOutput {
	t.Helper()
	in := st.registration()
	if edit != nil {
		edit(in)
	}
	out, err := st.oidc().RegisterClient(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	st.id, st.secret = *out.ClientId, *out.ClientSecret
	return out
}

// authorizeURL is what a client opens in a browser.
func (st *ssoStage) authorizeURL(edit func(url.Values)) string {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{"response_type": {"code"}, "client_id": {st.id}, "redirect_uri": {callback}, "state": {"the state"},
		"code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "scopes": {"sso:account:access"}}
	if edit != nil {
		edit(q)
	}
	return st.http.URL + "/authorize?" + q.Encode()
}

// browse sends a request as a browser does, without following where it leads.
func browse(t *testing.T, method, target string, form url.Values) (status int, location url.Values, body string, header http.Header) {
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
	if u.Path != "" && !strings.HasPrefix(resp.Header.Get("Location"), callback+"?") {
		t.Fatalf("redirects to %s", u)
	}
	return resp.StatusCode, u.Query(), b.String(), resp.Header
}

// press presses a button of a page.
func press(t *testing.T, page, target, button string) (int, url.Values, string) {
	t.Helper()
	if !strings.Contains(page, `<button id="`+button+`"`) {
		t.Fatalf("no button %s on %s", button, page)
	}
	status, location, body, _ := browse(t, "POST", target, url.Values{"pageToken": {between(page, `name="pageToken" value="`, `"`)}, "decision": {button}})
	return status, location, body
}

// code signs in on the page.
func (st *ssoStage) code(t *testing.T) string {
	t.Helper()
	_, _, page, _ := browse(t, "GET", st.authorizeURL(nil), nil)
	status, location, body := press(t, page, st.http.URL+"/authorize", "approve")
	if status != http.StatusSeeOther || location.Get("state") != "the state" || location.Get("code") == "" {
		t.Fatal(status, location, body)
	}
	return location.Get("code")
}

func (st *ssoStage) exchange(ctx context.Context, in ssooidc.CreateTokenInput) (*ssooidc.CreateTokenOutput, error) {
	if in.ClientId == nil {
		in.ClientId, in.ClientSecret = &st.id, &st.secret
	}
	out, err := st.oidc().CreateToken(ctx, &in)
	if err == nil {
		st.access, st.refresh = *out.AccessToken, aws.ToString(out.RefreshToken)
	}
	return out, err
}

func (st *ssoStage) redeem(ctx context.Context, code string) (*ssooidc.CreateTokenOutput, error) {
	return st.exchange(ctx, ssooidc.CreateTokenInput{GrantType: aws.String(grantCode), Code: &code, CodeVerifier: aws.String(verifier), RedirectUri: aws.String(callback)})
}

func (st *ssoStage) renew(ctx context.Context, token string) (*ssooidc.CreateTokenOutput, error) {
	return st.exchange(ctx, ssooidc.CreateTokenInput{GrantType: aws.String(grantRefresh), RefreshToken: &token})
}

func (st *ssoStage) signedIn(t *testing.T) *ssooidc.CreateTokenOutput {
	t.Helper()
	out, err := st.redeem(t.Context(), st.code(t))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (st *ssoStage) accounts(t *testing.T) error {
	t.Helper()
	_, err := st.portal().ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: &st.access})
	return err
}

func (st *ssoStage) credentials(ctx context.Context, account, role string) (*sso.GetRoleCredentialsOutput, error) {
	return st.portal().GetRoleCredentials(ctx, &sso.GetRoleCredentialsInput{AccessToken: &st.access, AccountId: &account, RoleName: &role})
}

// wantHTTP checks an error's status and code; no status means no error.
func wantHTTP(t *testing.T, err error, status int, code string) {
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
