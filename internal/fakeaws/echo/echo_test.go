package echo_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/stage"
	"fob/internal/fakeaws/verify"
	"fob/internal/fob"
)

// Any service: S3 by its own rules, others by the common ones.
func TestEcho(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	bot, ses := st.Users["bot"].Credentials, st.Session(t, "bot")
	unhashed := func(r *http.Request) { r.Header.Del("X-Amz-Content-Sha256") }
	lie := func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", verify.Hash([]byte("else"))) }
	for _, tc := range []struct {
		name, service, path string
		creds               fob.Credentials
		at                  time.Duration
		edit                func(*http.Request)
		status              int
		want                string
	}{
		{name: "json", service: "execute-api", path: "/prod/a%20b?x=1", creds: bot, status: 200, want: `"Service":"execute-api"`},
		{name: "session", service: "lambda", path: "/", creds: ses, status: 200, want: `"Arn":"arn:aws:iam::111122223333:user/bot"`},
		{name: "s3 path", service: "s3", path: "/b/a%20b//x/../%E2%82%AC", creds: ses, status: 200, want: `"Path":"/b/a%20b//x/../%E2%82%AC"`},
		{name: "s3, ten minutes slow", service: "s3", path: "/b", creds: bot, at: -10 * time.Minute, status: 200},
		{name: "s3, twenty minutes slow", service: "s3", path: "/b", creds: bot, at: -20 * time.Minute, status: 403, want: "<Code>RequestTimeTooSkewed</Code>"},
		{name: "s3, no hash", service: "s3", path: "/b", creds: bot, edit: unhashed, status: 400, want: "x-amz-content-sha256"},
		{name: "s3, wrong hash", service: "s3", path: "/b", creds: bot, edit: lie, status: 400, want: "XAmzContentSHA256Mismatch"},
		{name: "s3, unknown key", service: "s3", path: "/b", creds: fob.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE"}, status: 403, want: "InvalidAccessKeyId"},
		{name: "unknown key", service: "lambda", path: "/", creds: fob.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE"}, status: 400, want: "UnrecognizedClientException"},
		{name: "slow", service: "lambda", path: "/", creds: bot, at: -6 * time.Minute, status: 403, want: "InvalidSignatureException"},
		{name: "unsigned", service: "lambda", path: "/", creds: bot, edit: func(r *http.Request) { r.Header.Del("Authorization") }, status: 403, want: "MissingAuthenticationTokenException"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			req := stage.Signed(t, st.HTTP.URL+tc.path, tc.service, "us-east-1", "GET", "", tc.creds, st.Now().Add(tc.at))
			if tc.edit != nil {
				tc.edit(req)
			}
			status, _, body := stage.Send(t, req)
			if status != tc.status || !strings.Contains(body, tc.want) || strings.Contains(body, fakeaws.Marker) {
				t.Errorf("got %d %s\nwant %d %s", status, body, tc.status, tc.want)
			}
		})
	}
}
