package console_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/stage"
	"fob/internal/fob"
)

// federate asks for a sign-in token; extra are pairs of parameters.
func federate(st *stage.Stage, t *testing.T, c fob.Credentials, extra ...string) (status int, token, body string) {
	t.Helper()
	session, _ := json.Marshal(map[string]string{"sessionId": c.AccessKeyID, "sessionKey": c.SecretAccessKey.Reveal(), "sessionToken": c.SessionToken.Reveal()})
	v := url.Values{"Action": {"getSigninToken"}, "Session": {string(session)}}
	for i := 0; i+1 < len(extra); i += 2 {
		v.Set(extra[i], extra[i+1])
	}
	req, _ := http.NewRequestWithContext(t.Context(), "GET", st.HTTP.URL+"/federation?"+v.Encode(), nil)
	status, _, body = stage.Send(t, req)
	var out struct{ SigninToken string }
	_ = json.Unmarshal([]byte(body), &out)
	return status, out.SigninToken, body
}

func federated(st *stage.Stage, t *testing.T, policies ...string) fob.Credentials {
	t.Helper()
	in := &sts.GetFederationTokenInput{Name: aws.String("fob-bot")}
	for _, p := range policies {
		in.PolicyArns = append(in.PolicyArns, ststypes.PolicyDescriptorType{Arn: aws.String(p)})
	}
	out, err := st.STS(st.Users["bot"].Credentials).GetFederationToken(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return stage.Own(out.Credentials)
}

func TestSigninTokensAreForFewCredentials(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	bot := st.Users["bot"].Credentials
	role := st.MustAssume(t, bot, "ReadOnly", nil)
	long := st.MustAssume(t, bot, "LongJob", nil)
	chained := st.MustAssume(t, role, "Chained", nil)
	user, federated := st.Session(t, "bot"), federated(st, t)
	forged := role
	forged.SecretAccessKey = fob.NewSecret("wrong")
	for name, tt := range map[string]struct {
		c     fob.Credentials
		extra []string
		want  string // text of the refusal
	}{
		"role":               {role, nil, ""},
		"role, an hour":      {role, []string{"SessionDuration", "3600"}, ""},
		"role, two hours":    {role, []string{"SessionDuration", "7200"}, "SessionDuration"},
		"long role":          {long, []string{"SessionDuration", "43200"}, ""},
		"longer than AWS":    {long, []string{"SessionDuration", "43201"}, "SessionDuration"},
		"shorter than AWS":   {long, []string{"SessionDuration", "899"}, "SessionDuration"},
		"no number":          {long, []string{"SessionDuration", "1h"}, "SessionDuration"},
		"chained":            {chained, nil, ""},
		"chained, an hour":   {chained, []string{"SessionDuration", "3600"}, "SessionDuration"},
		"federated":          {federated, nil, ""},
		"federated, an hour": {federated, []string{"SessionDuration", "3600"}, "SessionDuration"},
		"user's session":     {user, nil, "Only federation tokens"},
		"user's keys":        {bot, nil, "Only federation tokens"},
		"forged":             {forged, nil, "not valid"},
		"nobody":             {fob.Credentials{AccessKeyID: "ASIAXXXXXXXXXXXXXXXX"}, nil, "not valid"},
	} {
		status, token, body := federate(st, t, tt.c, tt.extra...)
		if (status == 200) != (tt.want == "") || (token != "") != (tt.want == "") || !strings.Contains(body, tt.want) {
			t.Errorf("%s: %d %.100s", name, status, body)
		}
		if token != "" && !strings.Contains(token, fakeaws.Marker) {
			t.Errorf("%s: a token without the marker", name)
		}
	}
	st.Advance(2 * time.Hour)
	if status, _, body := federate(st, t, role); status != 400 || !strings.Contains(body, "expired") {
		t.Error(status, body)
	}
	for _, e := range st.Log() {
		if _, logged := e.Params["Session"]; logged {
			t.Fatal("the log has credentials")
		}
	}
}

// browser is a client with cookies.
func browser(st *stage.Stage, t *testing.T) func(path string, pairs ...string) (int, string) {
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar}
	return func(path string, pairs ...string) (int, string) {
		t.Helper()
		v := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		resp, err := client.Get(st.HTTP.URL + path + "?" + v.Encode())
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
}

func TestConsoleLogin(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	c := st.MustAssume(t, st.Users["bot"].Credentials, "ReadOnly", nil)
	token := func() string { _, token, _ := federate(st, t, c); return token }
	here := st.HTTP.URL + "/s3/home?region=eu-west-1"
	login := func(get func(string, ...string) (int, string), token, destination string) (int, string) {
		return get("/federation", "Action", "login", "SigninToken", token, "Destination", destination, "Issuer", "fob")
	}
	get, one := browser(st, t), token()
	if status, body := get("/s3/home"); status != 401 {
		t.Error(status, body)
	}
	for _, elsewhere := range []string{"https://example.com/", "https://console.aws.amazon.com.example.com/", "http://console.aws.amazon.com/",
		"https://console.amazonaws.cn/", "https://x@console.aws.amazon.com/", "", "//console.aws.amazon.com"} {
		if status, body := login(get, one, elsewhere); status != 400 || !strings.Contains(body, "Destination") {
			t.Errorf("%q: %d %s", elsewhere, status, body)
		}
	}
	if status, body := login(get, one, here); status != 200 || !strings.Contains(body, "assumed-role/ReadOnly/test") ||
		!strings.Contains(body, "/s3/home?region=eu-west-1") ||
		!strings.Contains(body, `id="lasts">1h0m0s`) && !strings.Contains(body, `id="lasts">59m5`) { // a second may have passed
		t.Error(status, body)
	}
	if status, body := login(browser(st, t), one, here); status != 400 || !strings.Contains(body, "was used") {
		t.Error("used twice:", status, body)
	}
	if status, body := login(get, token(), here); status != 400 || !strings.Contains(body, "must first log out") {
		t.Error(status, body)
	}
	// Out and in again, in one go; then a second identity beside the first.
	two := url.Values{"Action": {"login"}, "SigninToken": {token()}, "Destination": {"https://eu-west-1.console.aws.amazon.com/s3/home"}}
	if status, body := get("/oauth", "Action", "logout", "redirect_uri", st.HTTP.URL+"/federation?"+two.Encode()); status != 200 || !strings.Contains(body, "Signed in") {
		t.Error(status, body)
	}
	two.Set("SigninToken", token())
	two.Set("Destination", here)
	if status, body := get("/sessions/v1/opt-in", "redirect_uri", st.HTTP.URL+"/federation?"+two.Encode()); status != 200 || !strings.Contains(body, `id="sessions">2`) {
		t.Error(status, body)
	}
	if status, body := get("/oauth", "Action", "logout", "redirect_uri", "http://example.com/"); status != 400 {
		t.Error("led elsewhere:", status, body)
	}
	late := token()
	st.Advance(16 * time.Minute)
	if status, body := login(browser(st, t), late, here); status != 400 || !strings.Contains(body, "expired") {
		t.Error(status, body)
	}
}

func TestFederatedUsersNeedAPolicy(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	for want, policies := range map[string][]string{"nothing": nil, "what its policies allow": {"arn:aws:iam::aws:policy/AdministratorAccess"}} {
		_, token, _ := federate(st, t, federated(st, t, policies...))
		_, body := browser(st, t)("/federation", "Action", "login", "SigninToken", token, "Destination", st.HTTP.URL+"/console/home")
		if !strings.Contains(body, "federated-user/fob-bot") || !strings.Contains(body, `id="may">`+want+"<") {
			t.Errorf("%s: %s", want, body)
		}
	}
}
