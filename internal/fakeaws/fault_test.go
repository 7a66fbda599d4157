package fakeaws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/stage"
	"fob/internal/fob"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		fault      fakeaws.Fault
		status     int
		code, body string
	}{
		{fakeaws.Fault{Kind: fakeaws.FaultThrottle}, 400, "Throttling", "<Message>Rate exceeded</Message>"},
		{fakeaws.Fault{Kind: fakeaws.FaultUnavailable}, 503, "ServiceUnavailable", "<Type>Receiver</Type>"},
		{fakeaws.Fault{Kind: fakeaws.FaultUnavailable, Status: 500}, 500, "InternalFailure", "<Type>Receiver</Type>"},
		{fakeaws.Fault{Kind: fakeaws.FaultError, Status: 403, Code: "RegionDisabledException", Message: "STS is not activated"}, 403, "RegionDisabledException", "STS is not activated"},
		{fakeaws.Fault{Kind: fakeaws.FaultHTML}, 200, "", "<!DOCTYPE html>"},
		{fakeaws.Fault{Kind: fakeaws.FaultTruncated}, 200, "", "<GetCallerIdentityResponse"},
		{fakeaws.Fault{Kind: fakeaws.FaultSlow, Delay: time.Hour}, 200, "", "</GetCallerIdentityResponse>"},
	} {
		t.Run(fmt.Sprint(tc.fault.Kind, tc.fault.Status), func(t *testing.T) {
			t.Parallel()
			var waited atomic.Int64
			st := stage.New(t, fakeaws.Options{Wait: func(_ context.Context, d time.Duration) { waited.Add(int64(d)) }})
			tc.fault.Times = 1
			st.Fail(tc.fault)
			bot := st.Users["bot"].Credentials
			status, code, body := st.Query(t, bot, "sts", "us-east-1", stage.CallerIdentity, st.Now())
			if status != tc.status || code != tc.code || !strings.Contains(body, tc.body) || waited.Load() != int64(tc.fault.Delay) {
				t.Errorf("got %d %s, after %v", status, body, time.Duration(waited.Load()))
			}
			whole := strings.Contains(body, "</GetCallerIdentityResponse>")
			if whole != (tc.fault.Kind == fakeaws.FaultSlow) {
				t.Errorf("got %s", body)
			}
			if status, _, _ := st.Query(t, bot, "sts", "us-east-1", stage.CallerIdentity, st.Now()); status != 200 {
				t.Error("it happens again")
			}
			if e := st.Log()[0]; e.Fault != tc.fault.Kind || e.Status != tc.status || e.Code != tc.code || e.Action != "GetCallerIdentity" || e.Service != "sts" {
				t.Errorf("logged as %+v", e)
			}
		})
	}
}

// Nothing, or everything, was done when the connection breaks.
func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	for kind, keys := range map[string]int{fakeaws.FaultReset: 1, fakeaws.FaultLost: 2} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			st := stage.New(t, fakeaws.Options{})
			bot := st.IAM(st.Users["bot"].Credentials)
			st.Fail(fakeaws.Fault{Action: "iam:CreateAccessKey", Kind: kind, Times: 1})
			if _, err := bot.CreateAccessKey(t.Context(), nil); err == nil {
				t.Fatal("there was an answer")
			}
			out, err := bot.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{})
			if err != nil || len(out.AccessKeyMetadata) != keys {
				t.Error(err, out.AccessKeyMetadata)
			}
		})
	}
}

func TestHang(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	st.Fail(fakeaws.Fault{Kind: fakeaws.FaultHang})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := st.STS(st.Users["bot"].Credentials).GetCallerIdentity(ctx, nil)
		done <- err
	}()
	for st.Calls("") == 0 {
		select {
		case err := <-done:
			t.Fatalf("answered: %v", err)
		default:
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	st.Heal()
	if _, err := st.STS(st.Users["bot"].Credentials).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestFaultsAreForTheirCalls(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	st.Fail(fakeaws.Fault{Action: "sts:AssumeRole", Kind: fakeaws.FaultThrottle, After: 1, Times: 2})
	bot := st.Users["bot"].Credentials
	for i, want := range []string{"", "Throttling", "Throttling", ""} {
		_, err := st.Assume(t, bot, "ReadOnly", nil)
		stage.WantRefusal(t, err, want, "")
		if st.Calls("AssumeRole") != i+1 || st.Calls("sts:AssumeRole") != i+1 {
			t.Errorf("%d calls counted", st.Calls("AssumeRole"))
		}
		if _, err := st.STS(bot).GetCallerIdentity(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	if st.Calls("") != 8 || st.Calls("iam:AssumeRole") != 0 {
		t.Errorf("%d calls counted", st.Calls(""))
	}
	st.Reset()
	if len(st.Log()) != 0 {
		t.Error("the log outlived Reset")
	}
}

// The Date of all answers is of the server's own clock.
func TestDate(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	st.SetSkew(-20 * time.Minute)
	bot := st.Users["bot"].Credentials
	for path, body := range map[string]string{"/": stage.CallerIdentity, "/other": "x"} {
		_, header, _ := stage.Send(t, stage.Signed(t, st.HTTP.URL+path, "sts", "us-east-1", "POST", body, bot, time.Now()))
		date, err := http.ParseTime(header.Get("Date"))
		if off := time.Until(date) + 20*time.Minute; err != nil || off.Abs() > time.Minute {
			t.Errorf("%s: Date %v, %v", path, date, err)
		}
	}
}

func TestControl(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	ask := func(name, body string) map[string]any {
		t.Helper()
		status, out := st.Control(t, name, body)
		if status != 200 {
			t.Fatalf("%s: %d %v", name, status, out)
		}
		return out
	}
	user := ask("user", `{"account":"111122223333","name":"mary","mfa":true}`)
	serial := user["mfa_serial"].(string)
	if several := ask("user", `{"account":"111122223333","name":"ruth","mfa":true,"devices":["ruth-phone"]}`)["devices"].([]any); len(several) != 2 ||
		several[1].(map[string]any)["serial"] != "arn:aws:iam::111122223333:mfa/ruth-phone" {
		t.Errorf("%d devices", len(several))
	}
	code := ask("totp", `{"serial":"`+serial+`"}`)["code"].(string)
	role := ask("role", `{"account":"444455556666","name":"New","trusts":["111122223333"],"require_mfa":true}`)["arn"].(string)
	ask("fault", `{"action":"AssumeRole","kind":"throttle","times":1}`)
	creds := st.Users["jane"].Credentials // same account, other user: mary's below
	creds.AccessKeyID = user["access_key_id"].(string)
	creds.SecretAccessKey = fob.NewSecret(user["secret_access_key"].(string))
	body := stage.Form("AssumeRole", "RoleArn", role, "RoleSessionName", "test", "SerialNumber", serial, "TokenCode", code)
	for _, want := range []string{"Throttling", ""} {
		if _, got, answer := st.Query(t, creds, "sts", "us-east-1", body, st.Now()); got != want {
			t.Error(answer)
		}
	}
	if out := ask("calls", `{"action":"AssumeRole"}`); out["calls"] != 2.0 || out["by_action"].(map[string]any)["sts:AssumeRole"] != 2.0 {
		t.Error(out)
	}
	before := st.Now()
	if out := ask("clock", `{"advance":"1h","keydelay":"10s"}`); out["offset"] != "1h0m0s" || st.Now().Sub(before) < time.Hour {
		t.Error(out)
	}
	ask("clock", `{"skew":"-20m"}`)
	if off := time.Until(st.Now()) + 20*time.Minute; off.Abs() > time.Minute {
		t.Error(off)
	}
	ask("key", `{"id":"`+creds.AccessKeyID+`","status":"Inactive"}`)
	if _, got, answer := st.Query(t, creds, "sts", "us-east-1", stage.CallerIdentity, st.Now()); got != "InvalidClientTokenId" {
		t.Error(answer)
	}
	ask("key", `{"id":"`+creds.AccessKeyID+`","status":"Deleted"}`)
	if arn := ask("policy", `{"account":"111122223333","name":"Little","document":{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}}`)["arn"]; arn != "arn:aws:iam::111122223333:policy/Little" {
		t.Error(arn)
	}
	if ask("region", `{"account":"111122223333","region":"eu-south-1","on":true}`); !st.RegionOn(fakeaws.UserAccount, "eu-south-1") {
		t.Error("eu-south-1 is off")
	}
	ask("alias", `{"account":"111122223333","alias":"other"}`)
	ask("fault", `{"kind":"slow","delay":"2s"}`)
	ask("heal", "")
	ask("reset", "")
	if st.Calls("") != 0 {
		t.Error("counts outlived a reset")
	}
}

func TestControlRefuses(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	for name, body := range map[string]string{
		"nothing": `{}`, "fault": `{"kind":"flood"}`, "user": `{"account":"12","name":"x"}`, "role": `{"account":"444455556666"}`,
		"totp": `{"serial":"x"}`, "clock": `{"advance":"soon"}`, "key": `{"id":"x","status":"Active"}`, "alias": `{"Alias":1}`, "policy": `{"account":"111122223333","name":"x","document":{}}`, "region": `{"account":"111122223333","region":"x"}`, "calls": `{"what":1}`,
	} {
		if status, out := st.Control(t, name, body); status < 400 || out["error"] == "" {
			t.Errorf("%s %s: %d %v", name, body, status, out)
		}
	}
	for name, edit := range map[string]func(*http.Request){
		"origin": func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1") },
		"host":   func(r *http.Request) { r.Host = "rebound.example.com" },
		"method": func(r *http.Request) { r.Method = "GET" },
	} {
		req, _ := http.NewRequestWithContext(t.Context(), "POST", st.HTTP.URL+"/_fake/log", nil)
		edit(req)
		if status, _, _ := stage.Send(t, req); status < 400 {
			t.Errorf("%s: %d", name, status)
		}
	}
}

// The log has what a test wants to know, and nothing secret.
func TestLog(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{Logf: func(format string, args ...any) {
		if line := fmt.Sprintf(format, args...); strings.Contains(line, fakeaws.Marker) {
			t.Error(line)
		}
	}})
	ses := st.Session(t, "jane")
	st.MustAssume(t, ses, "Deploy", nil)
	status, _, body := stage.Send(t, func() *http.Request {
		r, _ := http.NewRequestWithContext(t.Context(), "POST", st.HTTP.URL+"/_fake/log", nil)
		return r
	}())
	var entries []fakeaws.Entry
	if err := json.Unmarshal([]byte(body), &entries); err != nil || status != 200 || len(entries) != 2 {
		t.Fatal(err, body)
	}
	e := entries[1]
	if e.AccessKeyID != ses.AccessKeyID || e.Params["RoleArn"] != st.Roles["Deploy"] || e.Region != "eu-west-1" || e.Status != 200 || e.RequestID == "" {
		t.Errorf("%+v", e)
	}
	if strings.Contains(body, fakeaws.Marker) || strings.Contains(body, "TokenCode") {
		t.Error(body)
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]bool{"127.0.0.1:0": true, "localhost:0": true, "0.0.0.0:0": false, ":0": false, "192.0.2.1:0": false, "127.0.0.1": false} {
		l, err := fakeaws.Listen(addr)
		if (err == nil) != want {
			t.Errorf("%s: %v", addr, err)
		}
		if err == nil {
			_ = l.Close()
		}
	}
}

func TestBadScenesPanic(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*fakeaws.Server){
		"account": func(s *fakeaws.Server) { s.AddUser(fakeaws.UserSpec{Account: "1", Name: "x"}) },
		"name":    func(s *fakeaws.Server) { s.AddUser(fakeaws.UserSpec{Account: fakeaws.UserAccount}) },
		"twice":   func(s *fakeaws.Server) { s.AddUser(fakeaws.UserSpec{Account: fakeaws.UserAccount, Name: "jane"}) },
		"duration": func(s *fakeaws.Server) {
			s.AddRole(fakeaws.RoleSpec{Account: fakeaws.RoleAccount, Name: "x", MaxSessionDuration: 60})
		},
		"trust": func(s *fakeaws.Server) {
			s.AddRole(fakeaws.RoleSpec{Account: fakeaws.RoleAccount, Name: "x", Trusts: []string{"jane"}})
		},
		"fault": func(s *fakeaws.Server) { s.Fail(fakeaws.Fault{Kind: "flood"}) },
	} {
		s := fakeaws.New(fakeaws.Options{})
		s.SetDefault()
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: accepted", name)
				}
			}()
			set(s)
		}()
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	req, _ := http.NewRequestWithContext(t.Context(), "POST", st.HTTP.URL, io.LimitReader(zeros{}, 2<<20))
	if status, _, _ := stage.Send(t, req); status != http.StatusRequestEntityTooLarge {
		t.Error(status)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
