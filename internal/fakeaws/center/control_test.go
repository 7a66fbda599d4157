package center_test

import (
	"net/url"
	"testing"
	"time"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/oidc"
	"fob/internal/fakeaws/stage"
)

// What scripts can do, in the order in which one might.
func TestSSOControls(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	for _, c := range []struct {
		name, body, key string
		want            any
	}{
		{"instance", `{"start_url":"https://other.awsapps.com/start/#/","region":"eu-west-1"}`, "start_url", "https://other.awsapps.com/start"},
		{"accounts", `{"count":30,"roles":4}`, "accounts", 34.0},
		{"accounts", `{"start_url":"https://other.awsapps.com/start","count":2,"roles":1}`, "accounts", 2.0},
		{"account", `{"id":"777766665555","name":"new","roles":["Admin"]}`, "", nil},
		{"account", `{"id":"777766665555","name":"renamed"}`, "", nil},
		{"account", `{"id":"222233334444","removed":true}`, "", nil},
		{"settings", `{"access_token":"10m","rate":20,"retry_after":true}`, "access_token", "10m0s"},
		{"settings", `{"pages":"approve"}`, "rate", 20.0},
		{"settings", `{"rate":0}`, "pages", "approve"},
		{"counts", ``, "registrations", 1.0},
		{"device", `{"decision":"approve"}`, "answered", 0.0},
		{"revoke", `{"what":"clients"}`, "revoked", 1.0},
	} {
		status, out := st.Control(t, "sso/"+c.name, c.body)
		if status != 200 || c.key != "" && out[c.key] != c.want {
			t.Errorf("%s %s: %d %v", c.name, c.body, status, out)
		}
	}
	_, out := st.Control(t, "sso/scene", "")
	accounts, _ := out["accounts"].([]any)
	if len(accounts) != 34 {
		t.Fatalf("%d accounts", len(accounts))
	}
	last, _ := accounts[33].(map[string]any)
	if last["name"] != "renamed" || last["email"] != "aws+new@example.com" {
		t.Errorf("the last is %v", last)
	}
}

func TestSSOControlsRefuse(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	for name, bodies := range map[string][]string{
		"instance": {`{"start_url":"/start"}`, `{"start_url":"start"}`, `{"start_url":"https://a b"}`, `{"user":"a b"}`, `{"unknown":1}`},
		"account":  {`{"id":"1"}`, `{"start_url":"https://nowhere/start","id":"777766665555"}`, `{"id":"999999999999","removed":true}`},
		"accounts": {`{"count":-1}`, `{"count":2000000}`, `{"start_url":"https://nowhere/start"}`},
		"settings": {`{"session":"soon"}`, `{"session":"0s"}`, `{"pages":"maybe"}`, `{"page_size":101}`, `{"rate":-1}`},
		"device":   {`{"decision":"maybe"}`, `{"decision":"approve","user_code":"AAAA-AAAA"}`},
		"revoke":   {`{}`, `{"what":"all"}`},
		"scene":    {`{"start_url":"https://nowhere/start"}`},
	} {
		for _, body := range bodies {
			if status, out := st.Control(t, "sso/"+name, body); status != 400 || out["error"] == "" {
				t.Errorf("%s %s: %d %v", name, body, status, out)
			}
		}
	}
	if got := st.SSO.Accounts(); len(got) != 4 {
		t.Errorf("refused, and done all the same: %v", got)
	}
}

// A sign-in of a second instance sees that one's accounts, as its user.
func TestInstancesAreApart(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	other := st.AddInstance(fakeaws.InstanceSpec{StartURL: "/other", Region: "eu-west-1", User: "joe"})
	other.AddAccount(fakeaws.AccountSpec{ID: "777766665555", Name: "payments", Roles: []string{"Admin"}})
	st.SSO = other
	st.Register(t, nil)
	st.SignedIn(t)
	if names, _ := st.List(t.Context(), t, 0, func() {}); len(names) != 1 || names[0] != "payments=777766665555" {
		t.Error(names)
	}
	_, err := st.Credentials(t.Context(), fakeaws.PaymentsAccount, "Admin")
	stage.WantHTTP(t, err, 403, "ForbiddenException")
	_, err = st.Credentials(t.Context(), "777766665555", "Admin")
	stage.WantHTTP(t, err, 0, "")
}

// Slow and lost answers are those of every service: a refresh token that was
// used is gone, though its successor never arrived.
func TestSSOFaults(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	st.SignedIn(t)
	token := st.Refresh
	st.Fail(fakeaws.Fault{Action: "sso-oidc:CreateToken", Kind: fakeaws.FaultLost, Times: 1})
	if _, err := st.Renew(t.Context(), token); err == nil {
		t.Error("not lost")
	}
	_, err := st.Renew(t.Context(), token)
	stage.WantHTTP(t, err, 400, "InvalidGrantException")
	if n := st.SSOCounts().Exchanges[oidc.GrantRefresh]; n != 1 {
		t.Errorf("%d exchanges", n)
	}
	st.Fail(fakeaws.Fault{Action: "sso-page:Authorize", Kind: fakeaws.FaultUnavailable, Times: 1})
	if status, _, body, _ := stage.Browse(t, "GET", st.AuthorizeURL(nil), nil); status != 503 || stage.Between(body, `<p id="error">`, "<") == "" {
		t.Error(status, body)
	}
	st.Fail(fakeaws.Fault{Action: "sso-page:AnswerAuthorize", Kind: fakeaws.FaultSlow, Delay: time.Millisecond, Times: 1})
	st.Code(t)
	if status, _, _, _ := stage.Browse(t, "POST", st.HTTP.URL+"/authorize", url.Values{"decision": {"approve"}}); status != 400 {
		t.Errorf("an answer to no page: %d", status)
	}
}
