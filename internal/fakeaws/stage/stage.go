// Package stage is for the tests of the fake's services: a server with the default
// scene, the SDK's clients for it, and requests signed by hand.
package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/verify"
	"fob/internal/fob"
)

// Stage is a server with the default scene, and clients for it.
type Stage struct {
	*fakeaws.Server
	fakeaws.Scene
	HTTP *httptest.Server
}

// New is a stage that ends with the test.
func New(t *testing.T, opts fakeaws.Options) *Stage {
	t.Helper()
	s := fakeaws.New(opts)
	srv := httptest.NewServer(s)
	srv.Config.ErrorLog = nil
	t.Cleanup(func() {
		s.Close()
		srv.Close()
	})
	return &Stage{s, s.SetDefault(), srv}
}

// Provider has credentials for the SDK's clients.
func Provider(c fob.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal()}, nil
	})
}

// STS is the SDK's client, for eu-west-1.
func (st *Stage) STS(c fob.Credentials) *sts.Client {
	return sts.New(sts.Options{Region: "eu-west-1", BaseEndpoint: &st.HTTP.URL, Credentials: Provider(c), RetryMaxAttempts: 1})
}

// IAM is the SDK's client.
func (st *Stage) IAM(c fob.Credentials) *iam.Client {
	return iam.New(iam.Options{Region: "us-east-1", BaseEndpoint: &st.HTTP.URL, Credentials: Provider(c), RetryMaxAttempts: 1})
}

// MFA is a user's device and a code of it that is good once.
func (st *Stage) MFA(t *testing.T, user string) (serial, code *string) {
	t.Helper()
	c, err := st.Code(st.Users[user].MFASerial)
	if err != nil {
		t.Fatal(err)
	}
	return aws.String(st.Users[user].MFASerial), &c
}

// Own makes credentials of what STS answered.
func Own(c *ststypes.Credentials) fob.Credentials {
	return fob.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: fob.NewSecret(*c.SecretAccessKey),
		SessionToken: fob.NewSecret(*c.SessionToken), Expiration: *c.Expiration}
}

// Session makes a session of a user, with MFA if it has a device.
func (st *Stage) Session(t *testing.T, user string) fob.Credentials {
	t.Helper()
	in := &sts.GetSessionTokenInput{}
	if st.Users[user].MFASerial != "" {
		in.SerialNumber, in.TokenCode = st.MFA(t, user)
	}
	out, err := st.STS(st.Users[user].Credentials).GetSessionToken(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return Own(out.Credentials)
}

// Assume assumes a role of the scene, changed by edit.
func (st *Stage) Assume(t *testing.T, c fob.Credentials, role string, edit func(*sts.AssumeRoleInput)) (*sts.AssumeRoleOutput, error) {
	t.Helper()
	in := &sts.AssumeRoleInput{RoleArn: aws.String(st.Roles[role]), RoleSessionName: aws.String("test")}
	if in.RoleArn == nil || *in.RoleArn == "" {
		in.RoleArn = &role
	}
	if edit != nil {
		edit(in)
	}
	return st.STS(c).AssumeRole(t.Context(), in)
}

// MustAssume assumes a role that trusts the caller.
func (st *Stage) MustAssume(t *testing.T, c fob.Credentials, role string, edit func(*sts.AssumeRoleInput)) fob.Credentials {
	t.Helper()
	out, err := st.Assume(t, c, role, edit)
	if err != nil {
		t.Fatal(err)
	}
	return Own(out.Credentials)
}

// WantRefusal checks the code, and a part of the text, of an error of the SDK.
func WantRefusal(t *testing.T, err error, code, text string) {
	t.Helper()
	var api smithy.APIError
	switch {
	case code == "" && err != nil:
		t.Fatalf("refused: %v", err)
	case code == "":
	case !errors.As(err, &api):
		t.Fatalf("got %v, want %s", err, code)
	case api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), text):
		t.Fatalf("got %s: %s\nwant %s: …%s…", api.ErrorCode(), api.ErrorMessage(), code, text)
	}
}

// Signed builds a request as the SDK signs it; headers are pairs.
func Signed(t *testing.T, target, service, region, method, body string, c fob.Credentials, at time.Time, headers ...string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	creds, _ := Provider(c).Retrieve(t.Context())
	hash := verify.Hash([]byte(body))
	s3 := service == "s3"
	if s3 {
		req.Header.Set("X-Amz-Content-Sha256", hash)
	}
	err = v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = s3 }).SignHTTP(t.Context(), creds, req, hash, service, region, at)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// Send sends a request and gives status, header and body of the answer.
func Send(t *testing.T, req *http.Request) (int, http.Header, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}

// Query sends a call of the query protocol and gives status, code and body.
func (st *Stage) Query(t *testing.T, c fob.Credentials, service, region, form string, at time.Time) (int, string, string) {
	t.Helper()
	status, _, body := Send(t, Signed(t, st.HTTP.URL+"/", service, region, "POST", form, c, at))
	return status, Between(body, "<Code>", "</Code>"), body
}

// Between is what is between two texts, the first of each.
func Between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// Control asks the control surface.
func (st *Stage) Control(t *testing.T, name, body string) (int, map[string]any) {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), "POST", st.HTTP.URL+"/_fake/"+name, bytes.NewReader([]byte(body)))
	status, _, text := Send(t, req)
	var out map[string]any
	_ = json.Unmarshal([]byte(text), &out)
	return status, out
}

// CallerIdentity is the form of a call that everybody may make.
const CallerIdentity = "Action=GetCallerIdentity&Version=2011-06-15"

// Form is a call of STS, with pairs of parameters.
func Form(action string, pairs ...string) string {
	v := url.Values{"Action": {action}, "Version": {"2011-06-15"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v.Encode()
}
