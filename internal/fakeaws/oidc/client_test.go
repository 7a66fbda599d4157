package oidc_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/oidc"
	"fob/internal/fakeaws/stage"
)

// What a page gives is good once; all that is secret has the marker.
func TestSignInOnAPage(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	code := st.Code(t)
	out, err := st.Redeem(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	if out.ExpiresIn != 3600 || *out.TokenType != "Bearer" {
		t.Errorf("token for %d seconds, type %s", out.ExpiresIn, *out.TokenType)
	}
	for what, secret := range map[string]string{"client secret": st.Secret, "code": code, "access token": st.Access, "refresh token": st.Refresh} {
		if !strings.Contains(secret, fakeaws.Marker) {
			t.Errorf("%s without the marker", what)
		}
	}
	stage.WantHTTP(t, st.Accounts(t), 0, "")
	_, err = st.Redeem(t.Context(), code)
	stage.WantHTTP(t, err, 400, "InvalidGrantException")
	if c := st.SSOCounts(); c.Pages != 1 || c.Exchanges[oidc.GrantCode] != 1 || c.Registrations != 1 || st.Calls("sso-oidc:CreateToken") != 2 {
		t.Errorf("counts %+v", c)
	}
	for _, e := range st.Log() {
		for name, value := range e.Params {
			if strings.Contains(value, fakeaws.Marker) || name == "pageToken" {
				t.Errorf("%s logs %s", e.Action, name)
			}
		}
	}
}

func TestPageIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	status, _, page, header := stage.Browse(t, "GET", st.AuthorizeURL(nil), nil)
	if status != 200 || !strings.Contains(header.Get("Content-Security-Policy"), "form-action 'self' http://127.0.0.1:45678") || !strings.Contains(page, "fob-test") {
		t.Fatal(status, header, page)
	}
	action := st.HTTP.URL + "/authorize"
	if status, _, _, _ := stage.Browse(t, "POST", action, url.Values{"pageToken": {"guessed"}, "decision": {"approve"}}); status != 400 {
		t.Errorf("a guess is answered %d", status)
	}
	status, location, _ := stage.Press(t, page, action, "deny")
	if status != http.StatusSeeOther || location.Encode() != "error=access_denied&state=the+state" {
		t.Errorf("denied: %d %v", status, location)
	}
	if status, _, _ := stage.Press(t, page, action, "approve"); status != 400 {
		t.Errorf("a second answer: %d", status)
	}
	_, _, page, _ = stage.Browse(t, "GET", st.AuthorizeURL(nil), nil)
	st.Advance(10 * time.Minute)
	if status, _, _ := stage.Press(t, page, action, "approve"); status != 400 {
		t.Errorf("an answer after ten minutes: %d", status)
	}
}

func TestPagesAnswerThemselves(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	for pages, want := range map[string]string{fakeaws.PagesApprove: "code", fakeaws.PagesDeny: "error"} {
		st.SetSSO(func(c *fakeaws.SSOSettings) { c.Pages = pages })
		status, location, _, _ := stage.Browse(t, "GET", st.AuthorizeURL(nil), nil)
		if status != http.StatusFound || location.Get(want) == "" || location.Get("state") != "the state" {
			t.Errorf("%s: %d %v", pages, status, location)
		}
	}
}

func TestAuthorizeRules(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	put := func(name string, value ...string) func(url.Values) { return func(q url.Values) { q[name] = value } }
	for name, c := range map[string]struct {
		edit func(url.Values)
		want string // what the client is told; empty: a page for the user
	}{
		"another client":      {put("client_id", "someone"), ""},
		"no redirect":         {put("redirect_uri"), ""},
		"another path":        {put("redirect_uri", "http://127.0.0.1:45678/other"), ""},
		"a name":              {put("redirect_uri", "http://localhost:45678/oauth/callback"), ""},
		"another host":        {put("redirect_uri", "http://127.0.0.1.example.com/oauth/callback"), ""},
		"TLS":                 {put("redirect_uri", "https://127.0.0.1:45678/oauth/callback"), ""},
		"a query":             {put("redirect_uri", stage.Callback+"?x=1"), ""},
		"no state":            {put("state"), ""},
		"plain challenge":     {put("code_challenge_method", "plain"), "invalid_request"},
		"no method":           {put("code_challenge_method"), "invalid_request"},
		"no challenge":        {put("code_challenge"), "invalid_request"},
		"implicit":            {put("response_type", "token"), "unsupported_response_type"},
		"scope, singular":     {func(q url.Values) { q["scope"] = q["scopes"]; q.Del("scopes") }, "invalid_scope"},
		"a scope too many":    {put("scopes", "sso:account:access openid"), "invalid_scope"},
		"another port is all": {put("redirect_uri", stage.Callback), "-"},
	} {
		status, location, body, _ := stage.Browse(t, "GET", st.AuthorizeURL(c.edit), nil)
		switch {
		case c.want == "-" && status == 200:
		case c.want == "" && status == 400 && strings.Contains(body, `id="error"`):
		case status == http.StatusFound && location.Get("error") == c.want && location.Get("state") == "the state":
		default:
			t.Errorf("%s: %d %v", name, status, location)
		}
	}
	st.Register(t, func(in *ssooidc.RegisterClientInput) { in.GrantTypes = nil })
	if _, location, _, _ := stage.Browse(t, "GET", st.AuthorizeURL(nil), nil); location.Get("error") != "unauthorized_client" {
		t.Errorf("a device's client: %v", location)
	}
}

func TestRegistrationRules(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	for code, edits := range map[string][]func(*ssooidc.RegisterClientInput){
		"InvalidClientMetadataException": {func(in *ssooidc.RegisterClientInput) { in.ClientType = aws.String("confidential") }},
		"UnsupportedGrantTypeException":  {func(in *ssooidc.RegisterClientInput) { in.GrantTypes = []string{"password"} }},
		"InvalidScopeException":          {func(in *ssooidc.RegisterClientInput) { in.Scopes = []string{"a b"} }},
		"InvalidRedirectUriException": {
			func(in *ssooidc.RegisterClientInput) {
				in.RedirectUris = []string{"https://example.com/oauth/callback"}
			},
			func(in *ssooidc.RegisterClientInput) { in.RedirectUris = []string{"http://localhost/oauth/callback"} },
		},
		"InvalidRequestException": {
			func(in *ssooidc.RegisterClientInput) { in.ClientName = aws.String("") },
			func(in *ssooidc.RegisterClientInput) { in.RedirectUris = nil },
			func(in *ssooidc.RegisterClientInput) { in.IssuerUrl = nil },
			func(in *ssooidc.RegisterClientInput) { in.IssuerUrl = aws.String("https://other.awsapps.com/start") },
		},
	} {
		for _, edit := range edits {
			in := st.Registration()
			edit(in)
			_, err := st.OIDC().RegisterClient(t.Context(), in)
			stage.WantHTTP(t, err, 400, code)
		}
	}
	for _, tail := range []string{"/", "/#", "#/", "/#/"} {
		st.Register(t, func(in *ssooidc.RegisterClientInput) { in.IssuerUrl = aws.String(st.Start() + tail) })
	}
	out := st.Register(t, nil)
	if life := out.ClientSecretExpiresAt - out.ClientIdIssuedAt; life != 90*24*3600 || out.ClientIdIssuedAt != st.Now().Unix() {
		t.Errorf("registered for %d seconds", life)
	}
	st.SetSSO(func(c *fakeaws.SSOSettings) { c.Registration = time.Hour })
	st.Register(t, nil)
	code := st.Code(t)
	st.Advance(time.Hour)
	_, err := st.Redeem(t.Context(), code)
	stage.WantHTTP(t, err, http.StatusUnauthorized, "InvalidClientException")
	if status, _, _, _ := stage.Browse(t, "GET", st.AuthorizeURL(nil), nil); status != 400 {
		t.Errorf("a page for an expired client: %d", status)
	}
}

func TestExchangeRules(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	for name, c := range map[string]struct {
		edit   func(*ssooidc.CreateTokenInput)
		status int
		code   string
	}{
		"secret":       {func(in *ssooidc.CreateTokenInput) { in.ClientSecret = aws.String("wrong") }, 401, "InvalidClientException"},
		"client":       {func(in *ssooidc.CreateTokenInput) { in.ClientId = aws.String("wrong") }, 401, "InvalidClientException"},
		"no client":    {func(in *ssooidc.CreateTokenInput) { in.ClientId = aws.String("") }, 400, "InvalidRequestException"},
		"grant":        {func(in *ssooidc.CreateTokenInput) { in.GrantType = aws.String("password") }, 400, "UnsupportedGrantTypeException"},
		"code":         {func(in *ssooidc.CreateTokenInput) { in.Code = aws.String("wrong") }, 400, "InvalidGrantException"},
		"no code":      {func(in *ssooidc.CreateTokenInput) { in.Code = nil }, 400, "InvalidRequestException"},
		"verifier":     {func(in *ssooidc.CreateTokenInput) { in.CodeVerifier = aws.String(strings.Repeat("x", 43)) }, 400, "InvalidGrantException"},
		"short":        {func(in *ssooidc.CreateTokenInput) { in.CodeVerifier = aws.String("short") }, 400, "InvalidRequestException"},
		"no verifier":  {func(in *ssooidc.CreateTokenInput) { in.CodeVerifier = nil }, 400, "InvalidRequestException"},
		"no port":      {func(in *ssooidc.CreateTokenInput) { in.RedirectUri = aws.String("http://127.0.0.1/oauth/callback") }, 400, "InvalidGrantException"},
		"no device":    {func(in *ssooidc.CreateTokenInput) { in.GrantType = aws.String(oidc.GrantDevice) }, 400, "InvalidRequestException"},
		"no refresh":   {func(in *ssooidc.CreateTokenInput) { in.GrantType = aws.String(oidc.GrantRefresh) }, 400, "InvalidRequestException"},
		"nothing else": {func(*ssooidc.CreateTokenInput) {}, 0, ""},
	} {
		code := st.Code(t)
		in := ssooidc.CreateTokenInput{ClientId: &st.ID, ClientSecret: &st.Secret, GrantType: aws.String(oidc.GrantCode),
			Code: &code, CodeVerifier: aws.String(stage.Verifier), RedirectUri: aws.String(stage.Callback)}
		c.edit(&in)
		t.Run(name, func(t *testing.T) {
			_, err := st.Exchange(t.Context(), in)
			stage.WantHTTP(t, err, c.status, c.code)
		})
	}
	code := st.Code(t)
	st.Advance(10 * time.Minute)
	_, err := st.Redeem(t.Context(), code)
	stage.WantHTTP(t, err, 400, "InvalidGrantException")
	code = st.Code(t)
	st.Register(t, nil)
	_, err = st.Redeem(t.Context(), code) // another client's
	stage.WantHTTP(t, err, 400, "InvalidGrantException")
	st.Register(t, func(in *ssooidc.RegisterClientInput) { in.GrantTypes = nil })
	_, err = st.Redeem(t.Context(), code)
	stage.WantHTTP(t, err, 400, "UnauthorizedClientException")
}

// Tests search for what a client has sent, whatever became of it.
func TestVerifiersAreKept(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	if _, err := st.Redeem(t.Context(), st.Code(t)); err != nil {
		t.Fatal(err)
	}
	st.Reset()
	if got := st.Verifiers(); !slices.Equal(got, []string{stage.Verifier}) {
		t.Errorf("%q", got)
	}
	st.Fail(fakeaws.Fault{Kind: fakeaws.FaultReset, Action: "CreateToken", Times: 1})
	if _, err := st.Redeem(t.Context(), "any"); err == nil || len(st.Verifiers()) < 2 {
		t.Errorf("%v; %d verifiers", err, len(st.Verifiers()))
	}
}

// The body of an error is OAuth's, its type is in the header.
func TestOIDCErrorsOnTheWire(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	for _, c := range []struct {
		fault  fakeaws.Fault
		status int
		body   string
	}{
		{fakeaws.Fault{Kind: fakeaws.FaultError, Status: 400, Code: "AuthorizationPendingException", Message: "m"}, 400, `{"error":"authorization_pending","error_description":"m"}`},
		{fakeaws.Fault{Kind: fakeaws.FaultThrottle}, 400, `{"error":"slow_down","error_description":"Slow down"}`},
		{fakeaws.Fault{Kind: fakeaws.FaultUnavailable, Status: 500}, 500, `{"error":"server_error","error_description":"Unexpected error."}`},
	} {
		c.fault.Action, c.fault.Times = "sso-oidc:CreateToken", 1
		st.Fail(c.fault)
		req, _ := http.NewRequestWithContext(t.Context(), "POST", st.HTTP.URL+"/token", strings.NewReader("{}"))
		status, header, body := stage.Send(t, req)
		if status != c.status || strings.TrimSpace(body) != c.body || !strings.HasSuffix(header.Get("x-amzn-ErrorType"), "Exception") {
			t.Errorf("%v: %d %v %s", c.fault, status, header, body)
		}
	}
	if log := st.Log(); log[len(log)-2].Code != "SlowDownException" {
		t.Errorf("logged as %+v", log[len(log)-2])
	}
}
