package fakeaws

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

	"fob/internal/fakeaws/verify"
	"fob/internal/fob"
)

// stage is a server with the default scene, and clients for it.
type stage struct {
	*Server
	Scene
	http *httptest.Server
}

func newStage(t *testing.T, opts Options) *stage {
	t.Helper()
	s := New(opts)
	srv := httptest.NewServer(s)
	srv.Config.ErrorLog = nil
	t.Cleanup(func() {
		s.Close()
		srv.Close()
	})
	return &stage{s, s.SetDefault(), srv}
}

func provider(c fob.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal()}, nil
	})
}

func (st *stage) sts(c fob.Credentials) *sts.Client {
	return sts.New(sts.Options{Region: "eu-west-1", BaseEndpoint: &st.http.URL, Credentials: provider(c), RetryMaxAttempts: 1})
}

func (st *stage) iam(c fob.Credentials) *iam.Client {
	return iam.New(iam.Options{Region: "us-east-1", BaseEndpoint: &st.http.URL, Credentials: provider(c), RetryMaxAttempts: 1})
}

func (st *stage) code(t *testing.T, user string) (serial, code *string) {
	t.Helper()
	c, err := st.Code(st.Users[user].MFASerial)
	if err != nil {
		t.Fatal(err)
	}
	return aws.String(st.Users[user].MFASerial), &c
}

func own(c *ststypes.Credentials) fob.Credentials {
	return fob.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: fob.NewSecret(*c.SecretAccessKey),
		SessionToken: fob.NewSecret(*c.SessionToken), Expiration: *c.Expiration}
}

// session makes a session of a user, with MFA if it has a device.
func (st *stage) session(t *testing.T, user string) fob.Credentials {
	t.Helper()
	in := &sts.GetSessionTokenInput{}
	if st.Users[user].MFASerial != "" {
		in.SerialNumber, in.TokenCode = st.code(t, user)
	}
	out, err := st.sts(st.Users[user].Credentials).GetSessionToken(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return own(out.Credentials)
}

// assume assumes a role of the scene, changed by edit.
func (st *stage) assume(t *testing.T, c fob.Credentials, role string, edit func(*sts.AssumeRoleInput)) (*sts.AssumeRoleOutput, error) {
	t.Helper()
	in := &sts.AssumeRoleInput{RoleArn: aws.String(st.Roles[role]), RoleSessionName: aws.String("test")}
	if in.RoleArn == nil || *in.RoleArn == "" {
		in.RoleArn = &role
	}
	if edit != nil {
		edit(in)
	}
	return st.sts(c).AssumeRole(t.Context(), in)
}

func (st *stage) mustAssume(t *testing.T, c fob.Credentials, role string, edit func(*sts.AssumeRoleInput)) fob.Credentials {
	t.Helper()
	out, err := st.assume(t, c, role, edit)
	if err != nil {
		t.Fatal(err)
	}
	return own(out.Credentials)
}

// wantRefusal checks the code, and a part of the text, of an error of the SDK.
func wantRefusal(t *testing.T, err error, code, text string) {
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

// signed builds a request as the SDK signs it.
func signed(t *testing.T, target, service, region, method, body string, c fob.Credentials, at time.Time) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	creds, _ := provider(c).Retrieve(t.Context())
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

func send(t *testing.T, req *http.Request) (int, http.Header, string) {
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

// query sends a call of the query protocol and gives status, code and body.
func (st *stage) query(t *testing.T, c fob.Credentials, service, region, form string, at time.Time) (int, string, string) {
	t.Helper()
	status, _, body := send(t, signed(t, st.http.URL+"/", service, region, "POST", form, c, at))
	return status, between(body, "<Code>", "</Code>"), body
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// control asks the control surface.
func (st *stage) control(t *testing.T, name, body string) (int, map[string]any) {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), "POST", st.http.URL+"/_fake/"+name, bytes.NewReader([]byte(body)))
	status, _, text := send(t, req)
	var out map[string]any
	_ = json.Unmarshal([]byte(text), &out)
	return status, out
}

const callerIdentity = "Action=GetCallerIdentity&Version=2011-06-15"

func form(action string, pairs ...string) string {
	v := url.Values{"Action": {action}, "Version": {"2011-06-15"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v.Encode()
}
