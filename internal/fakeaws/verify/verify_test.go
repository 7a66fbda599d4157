package verify_test

import (
	"cmp"
	"net/http"
	"strings"
	"testing"
	"time"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/stage"
	"fob/internal/fakeaws/wire"
	"fob/internal/fob"
)

// spoiled is a request in which one thing is wrong, and what becomes of it.
type spoiled struct {
	name            string
	creds           fob.Credentials
	service, region string
	at              time.Duration
	edit            func(*http.Request)
	status          int
	code, text      string
}

const mismatchText = "The request signature we calculated does not match"

func TestVerifySigner(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	bot := st.Users["bot"].Credentials
	ses := st.Session(t, "bot")
	inactive := st.AddUser(fakeaws.UserSpec{Account: fakeaws.UserAccount, Name: "away"}).Credentials
	if err := st.SetKeyActive(inactive.AccessKeyID, false); err != nil {
		t.Fatal(err)
	}
	with := func(c fob.Credentials, edit func(*fob.Credentials)) fob.Credentials {
		edit(&c)
		return c
	}
	for _, tc := range []spoiled{
		{name: "right", status: 200},
		{name: "session", creds: ses, status: 200},
		{name: "four minutes slow", at: -4 * time.Minute, status: 200},
		{name: "four minutes fast", at: 4 * time.Minute, status: 200},
		{name: "six minutes slow", at: -6 * time.Minute, status: 403, code: "SignatureDoesNotMatch", text: "is now earlier than"},
		{name: "six minutes fast", at: 6 * time.Minute, status: 403, code: "SignatureDoesNotMatch", text: "Signature not yet current: "},
		{name: "wrong secret", creds: with(bot, func(c *fob.Credentials) { c.SecretAccessKey = fob.NewSecret("no") }), status: 403, code: "SignatureDoesNotMatch", text: mismatchText},
		{name: "unknown key", creds: with(bot, func(c *fob.Credentials) { c.AccessKeyID = "AKIAIOSFODNN7EXAMPLE" }), status: 403, code: "InvalidClientTokenId", text: "The security token included in the request is invalid."},
		{name: "unknown key, wrong secret", creds: fob.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: fob.NewSecret("no")}, status: 403, code: "InvalidClientTokenId"},
		{name: "inactive key", creds: inactive, status: 403, code: "InvalidClientTokenId"},
		{name: "no token", creds: with(ses, func(c *fob.Credentials) { c.SessionToken = fob.Secret{} }), status: 403, code: "InvalidClientTokenId"},
		{name: "token too many", creds: with(bot, func(c *fob.Credentials) { c.SessionToken = ses.SessionToken }), status: 403, code: "InvalidClientTokenId"},
		{name: "garbled token", creds: with(ses, func(c *fob.Credentials) { c.SessionToken = fob.NewSecret(c.SessionToken.Reveal() + "x") }), status: 403, code: "InvalidClientTokenId"},
		{name: "wrong service", service: "iam", status: 403, code: "SignatureDoesNotMatch", text: "correct service: 'sts'"},
		{name: "no region", region: "here", status: 403, code: "SignatureDoesNotMatch", text: "valid region, not 'here'"},
		{name: "region of another partition", region: "cn-north-1", status: 403, code: "SignatureDoesNotMatch", text: "valid region"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			try(st, t, tc)
		})
	}
}

func TestVerifyRequest(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	for _, tc := range []spoiled{
		{name: "unsigned", edit: func(r *http.Request) { r.Header.Del("Authorization") }, status: 403, code: "MissingAuthenticationToken"},
		{name: "not AWS's", edit: func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, status: 403, code: "MissingAuthenticationToken"},
		{name: "no date", edit: func(r *http.Request) { r.Header.Del("X-Amz-Date") }, status: 400, code: "IncompleteSignature", text: "either a 'X-Amz-Date' or a 'Date' header"},
		{name: "bad date", edit: func(r *http.Request) { r.Header.Set("X-Amz-Date", "yesterday") }, status: 400, code: "IncompleteSignature", text: "ISO-8601"},
		{name: "date of another day", edit: func(r *http.Request) { r.Header.Set("X-Amz-Date", "20200101T000000Z") }, status: 403, code: "SignatureDoesNotMatch", text: "Date in Credential scope does not match"},
		{name: "query changed", edit: func(r *http.Request) { r.URL.RawQuery = "x=1" }, status: 403, code: "SignatureDoesNotMatch", text: mismatchText},
		{name: "header not signed", edit: func(r *http.Request) { r.Header.Set("X-Amz-Late", "1") }, status: 403, code: "SignatureDoesNotMatch", text: "not signed: x-amz-late"},
		{name: "header changed", edit: func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, status: 403, code: "SignatureDoesNotMatch", text: mismatchText},
		{name: "content hash of something else", edit: authorize("SignedHeaders=content-length;content-type;host;x-amz-date", "SignedHeaders=content-length;content-type;host;x-amz-content-sha256;x-amz-date", "X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), status: 403, code: "SignatureDoesNotMatch", text: "x-amz-content-sha256"},
		{name: "host not signed", edit: authorize(";host", ""), status: 403, code: "SignatureDoesNotMatch", text: "'Host' or ':authority'"},
		{name: "headers not sorted", edit: authorize("host;x-amz-date", "x-amz-date;host"), status: 403, code: "SignatureDoesNotMatch", text: "sorted"},
		{name: "header named twice", edit: authorize("host;x-amz-date", "host;host;x-amz-date"), status: 403, code: "SignatureDoesNotMatch", text: "once"},
		{name: "header that is missing", edit: authorize("host;x-amz-date", "host;missing;x-amz-date"), status: 403, code: "SignatureDoesNotMatch", text: "missing is not in the request"},
		{name: "algorithm", edit: authorize("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), status: 400, code: "IncompleteSignature", text: "algorithm"},
		{name: "terminator", edit: authorize("aws4_request", "aws3_request"), status: 403, code: "SignatureDoesNotMatch", text: "terminator"},
		{name: "scope too short", edit: authorize("/sts/", "/"), status: 400, code: "IncompleteSignature", text: "exactly 5 slash-delimited elements"},
		{name: "no signature", edit: authorize("Signature=", "Nothing="), status: 400, code: "IncompleteSignature", text: "not a valid key=value pair"},
		{name: "signature missing", edit: func(r *http.Request) {
			h, _, _ := strings.Cut(r.Header.Get("Authorization"), ", Signature")
			r.Header.Set("Authorization", h)
		}, status: 400, code: "IncompleteSignature", text: "Authorization header requires 'Signature' parameter."},
		{name: "signed in two ways", edit: func(r *http.Request) { r.URL.RawQuery = "X-Amz-Algorithm=" + "AWS4-HMAC-SHA256" }, status: 400, code: "IncompleteSignature", text: "Only one"},
		{name: "two headers", edit: func(r *http.Request) { r.Header.Add("Authorization", "x") }, status: 400, code: "IncompleteSignature", text: "Only one"},
		{name: "presigned in part", edit: func(r *http.Request) {
			r.Header.Del("Authorization")
			r.URL.RawQuery = "X-Amz-Signature=00"
		}, status: 400, code: "IncompleteSignature", text: "must include 'X-Amz-Credential'"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			try(st, t, tc)
		})
	}
}

func try(st *stage.Stage, t *testing.T, tc spoiled) {
	t.Helper()
	if tc.creds.AccessKeyID == "" {
		tc.creds = st.Users["bot"].Credentials
	}
	req := stage.Signed(t, st.HTTP.URL+"/", cmp.Or(tc.service, "sts"), cmp.Or(tc.region, "eu-west-1"), "POST", stage.CallerIdentity, tc.creds, st.Now().Add(tc.at))
	if tc.edit != nil {
		tc.edit(req)
	}
	status, header, body := stage.Send(t, req)
	if status != tc.status || stage.Between(body, "<Code>", "</Code>") != tc.code || !strings.Contains(strings.ReplaceAll(body, "&#39;", "'"), tc.text) {
		t.Errorf("got %d\n%s\nwant %d %s …%s…", status, body, tc.status, tc.code, tc.text)
	}
	if id := header.Get("X-Amzn-Requestid"); id == "" || !strings.Contains(body, "<RequestId>"+id+"</RequestId>") {
		t.Errorf("request id %q is not in\n%s", id, body)
	}
	if strings.Contains(body, fakeaws.Marker) {
		t.Error("a secret is in the answer")
	}
}

// authorize changes a part of the Authorization header, and sets other headers.
func authorize(from, to string, headers ...string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
}

func TestExpiredSession(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	ses := st.Session(t, "bot")
	st.Advance(12*time.Hour - 2*time.Second)
	if status, _, body := st.Query(t, ses, "sts", "us-east-1", stage.CallerIdentity, st.Now()); status != 200 {
		t.Error(body)
	}
	st.Advance(3 * time.Second)
	status, code, body := st.Query(t, ses, "sts", "us-east-1", stage.CallerIdentity, st.Now())
	if status != 403 || code != "ExpiredToken" || !strings.Contains(body, "The security token included in the request is expired") {
		t.Error(status, body)
	}
}

func TestVerifierInAHandler(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	req := stage.Signed(t, "http://example.com/x", "aoss", "us-east-1", "GET", "", st.Users["bot"].Credentials, st.Now())
	if _, err := st.Verifier().Verify(req, nil); err == nil || !strings.Contains(err.Error(), "x-amz-content-sha256") {
		t.Errorf("aoss without the hash: %v", err)
	}
	v := st.Verifier()
	v.Service = "es"
	if _, err := v.Verify(req, nil); err == nil || wire.AsRefusal(err).Code != "InvalidSignatureException" {
		t.Errorf("for another service: %v", err)
	}
}
