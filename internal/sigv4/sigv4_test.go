package sigv4_test

import (
	_ "embed"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"fob/internal/fob"
	"fob/internal/sigv4"
)

// suite is the content of testdata/vectors.json, made by vectors.py beside it.
type suite struct {
	ID, Secret, Time, Region string
	Cases                    []vector
}

type vector struct {
	Name, Method, URL        string
	Headers                  [][2]string
	Body, Service, Token     string
	Expires                  int
	Payload                  string
	Authorization, Signature string
}

func vectors(t testing.TB) suite {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var s suite
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s suite) scope(t testing.TB, service string) sigv4.Scope {
	t.Helper()
	at, err := time.Parse("20060102T150405Z", s.Time)
	if err != nil {
		t.Fatal(err)
	}
	return sigv4.Scope{Service: service, Region: s.Region, Time: at}
}

func (s suite) credentials(token string) fob.Credentials {
	return fob.Credentials{AccessKeyID: s.ID, SecretAccessKey: fob.NewSecret(s.Secret), SessionToken: fob.NewSecret(token)}
}

func (v vector) request(t testing.TB) sigv4.Request {
	t.Helper()
	r := sigv4.Request{Method: v.Method, URL: v.URL, Payload: v.Payload}
	if r.Payload == "" && v.Body != "" {
		var err error
		if r.Payload, err = sigv4.HashHex(strings.NewReader(v.Body)); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range v.Headers {
		r.Headers = append(r.Headers, sigv4.Header{Name: h[0], Value: h[1]})
	}
	return r
}

func value(headers []sigv4.Header, name string) string {
	for _, h := range headers {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

// Signatures are the same as botocore's.
func TestVectors(t *testing.T) {
	t.Parallel()
	s := vectors(t)
	if len(s.Cases) < 60 {
		t.Fatalf("only %d vectors", len(s.Cases))
	}
	for _, v := range s.Cases {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			if v.Expires > 0 {
				got, err := sigv4.Presign(s.credentials(v.Token), v.request(t), s.scope(t, v.Service), time.Duration(v.Expires)*time.Second)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.HasSuffix(got, "&X-Amz-Signature="+v.Signature) {
					t.Errorf("got %s\nwant the signature %s", got, v.Signature)
				}
				return
			}
			got, err := sigv4.Sign(s.credentials(v.Token), v.request(t), s.scope(t, v.Service))
			if err != nil {
				t.Fatal(err)
			}
			if a := value(got, "Authorization"); a != v.Authorization {
				t.Errorf("got  %s\nwant %s", a, v.Authorization)
			}
			if value(got, "X-Amz-Date") != s.Time || value(got, "X-Amz-Security-Token") != v.Token {
				t.Error("the date or the token is not among the headers")
			}
		})
	}
}

// Requests that botocore does not sign, or signs differently.
func TestSignOwn(t *testing.T) {
	t.Parallel()
	s := vectors(t)
	bodiless := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	some := strings.Repeat("ab", 32)
	for _, tt := range []struct {
		name    string
		request sigv4.Request
		service string
		signed  string
		hash    string // the header
	}{
		{"aoss", sigv4.Request{URL: "https://x.us-east-1.aoss.amazonaws.com/i", Headers: []sigv4.Header{{"Content-Length", "2"}}, Payload: some}, "aoss", "host;x-amz-content-sha256;x-amz-date", some},
		{"aoss, no body", sigv4.Request{URL: "https://x.us-east-1.aoss.amazonaws.com/i"}, "aoss", "host;x-amz-content-sha256;x-amz-date", bodiless},
		{"vpc-lattice", sigv4.Request{URL: "https://x.example/", Payload: some}, "vpc-lattice-svcs", "host;x-amz-content-sha256;x-amz-date", sigv4.Unsigned},
		{"unsigned elsewhere", sigv4.Request{URL: "https://x.example/", Payload: sigv4.Unsigned}, "service", "host;x-amz-content-sha256;x-amz-date", sigv4.Unsigned},
		{"hash among the headers", sigv4.Request{URL: "https://x.example/", Headers: []sigv4.Header{{"x-amz-content-sha256", some}}}, "s3", "host;x-amz-content-sha256;x-amz-date", some},
		{"content-length", sigv4.Request{URL: "https://x.example/", Headers: []sigv4.Header{{"Content-Length", "2"}}}, "service", "content-length;host;x-amz-date", ""},
		{"old signature", sigv4.Request{URL: "https://x.example/", Headers: []sigv4.Header{{"Authorization", "x"}, {"X-Amz-Date", "x"}, {"X-AMZ-Security-Token", "x"}, {"x-amz-region-set", "*"}}}, "service", "host;x-amz-date", ""},
	} {
		got, err := sigv4.Sign(s.credentials(""), tt.request, s.scope(t, tt.service))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if a := value(got, "Authorization"); !strings.Contains(a, "SignedHeaders="+tt.signed+", ") || value(got, "X-Amz-Content-Sha256") != tt.hash {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestPresignOwn(t *testing.T) {
	t.Parallel()
	s := vectors(t)
	token := "TOKEN/+="
	query := func(r sigv4.Request, service string) (string, url.Values) {
		t.Helper()
		got, err := sigv4.Presign(s.credentials(token), r, s.scope(t, service), 90*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(got)
		if err != nil {
			t.Fatal(err)
		}
		return got, u.Query()
	}
	// AWS IoT wants the session token last and not signed.
	got, q := query(sigv4.Request{URL: "wss://x-ats.iot.us-east-1.amazonaws.com/mqtt"}, "iotdevicegateway")
	without, err := sigv4.Presign(s.credentials(""), sigv4.Request{URL: "wss://x-ats.iot.us-east-1.amazonaws.com/mqtt"}, s.scope(t, "iotdevicegateway"), 90*time.Second)
	if err != nil || got != without+"&X-Amz-Security-Token=TOKEN%2F%2B%3D" || q.Get("X-Amz-Expires") != "90" {
		t.Errorf("%s; %v", got, err)
	}
	// If the body's hash is given for a presigned S3 URL, the URL must have it as a parameter.
	some := strings.Repeat("ab", 32)
	if _, q := query(sigv4.Request{Method: "PUT", URL: "https://b.s3.amazonaws.com/k", Payload: some}, "s3"); q.Get("X-Amz-Content-Sha256") != some {
		t.Error(q)
	}
	// Characters that a URL must not contain are escaped before signing, and nothing is lost.
	got, q = query(sigv4.Request{URL: "https://x.example/é b?q=ü+1&acl#part"}, "execute-api")
	if !strings.HasPrefix(got, "https://x.example/%C3%A9%20b?") || q.Get("q") != "ü 1" || !q.Has("acl") || strings.Contains(got, "#") {
		t.Error(got)
	}
	same, err := sigv4.Presign(s.credentials(token), sigv4.Request{URL: "https://x.example/%C3%A9%20b?acl=&q=%C3%BC%201"}, s.scope(t, "execute-api"), 90*time.Second)
	if err != nil || same != got {
		t.Errorf("%s\n%s; %v", got, same, err)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	s := vectors(t)
	good := sigv4.Request{URL: "https://example.amazonaws.com/"}
	with := func(h ...sigv4.Header) sigv4.Request { r := good; r.Headers = h; return r }
	at := func(u string) sigv4.Request { return sigv4.Request{URL: u} }
	for name, r := range map[string]sigv4.Request{
		"no URL": at(""), "no scheme": at("example.com/x"), "a path": at("/x"), "another scheme": at("ftp://example.com/"),
		"no host": at("https:///x"), "a port alone": at("https://:443/"), "a user": at("https://user@example.com/"), "a password": at("https://u:p@example.com/"),
		"a host outside ASCII": at("https://bücher.example/"), "a bad port": at("https://example.com:x/"), "half a bracket": at("https://[::1/"), "IPv6 without": at("https://::1/"),
		"a newline": at("https://example.com/\nx"), "a blank in the host": at("https://exa mple.com/"), "a bad escape": at("https://example.com/%zz"),
		"half an escape": at("https://example.com/%2"), "a bad escape in the query": at("https://example.com/?%"), "signed already": at("https://example.com/?X-Amz-Signature=00"),
		"newline in a header": with(sigv4.Header{Name: "A", Value: "b\r\nc"}), "zero in a header": with(sigv4.Header{Name: "A", Value: "\x00"}),
		"no name": with(sigv4.Header{Name: "", Value: "x"}), "bad name": with(sigv4.Header{Name: "A:", Value: "x"}), "blank in a name": with(sigv4.Header{Name: "A ", Value: "x"}),
		"two hosts": with(sigv4.Header{Name: "Host", Value: "a"}, sigv4.Header{Name: "host", Value: "b"}), "empty host": with(sigv4.Header{Name: "Host", Value: " "}),
		"hash not hex":      {URL: good.URL, Payload: strings.Repeat("z", 64)},
		"hash upper case":   {URL: good.URL, Payload: strings.Repeat("A", 64)},
		"hash of two minds": {URL: good.URL, Payload: sigv4.Unsigned, Headers: []sigv4.Header{{Name: "X-Amz-Content-Sha256", Value: strings.Repeat("a", 64)}}},
		"method":            {URL: good.URL, Method: "GET /"},
	} {
		if got, err := sigv4.Sign(s.credentials(""), r, s.scope(t, "service")); !errors.Is(err, fob.ErrUsage) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if got, err := sigv4.Presign(s.credentials(""), r, s.scope(t, "service"), time.Minute); !errors.Is(err, fob.ErrUsage) || got != "" {
			t.Errorf("%s, presigned: %v, %v", name, got, err)
		}
	}
	for name, edit := range map[string]func(*sigv4.Scope){
		"no service": func(s *sigv4.Scope) { s.Service = "" }, "a slash": func(s *sigv4.Scope) { s.Service = "a/b" },
		"no region": func(s *sigv4.Scope) { s.Region = "" }, "regions": func(s *sigv4.Scope) { s.Region = "*" },
		"a blank": func(s *sigv4.Scope) { s.Region = "us east" }, "no time": func(s *sigv4.Scope) { s.Time = time.Time{} },
		"far time": func(s *sigv4.Scope) { s.Time = s.Time.AddDate(9000, 0, 0) },
	} {
		scope := s.scope(t, "service")
		edit(&scope)
		if _, err := sigv4.Sign(s.credentials(""), good, scope); !errors.Is(err, fob.ErrUsage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, d := range []time.Duration{-1, 0, time.Second - 1, sigv4.MaxExpires + 1} {
		if _, err := sigv4.Presign(s.credentials(""), good, s.scope(t, "service"), d); !errors.Is(err, fob.ErrUsage) {
			t.Errorf("%v: %v", d, err)
		}
	}
	for name, c := range map[string]fob.Credentials{"none": {}, "no secret": {AccessKeyID: "A"}, "a newline in the token": s.credentials("a\nb")} {
		if _, err := sigv4.Sign(c, good, s.scope(t, "service")); !errors.Is(err, fob.ErrInternal) || strings.Contains(err.Error(), "a\nb") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://x/a b?c=é#é":  "https://x/a%20b?c=%C3%A9#%C3%A9",
		"https://x/%20{}|\"<>": "https://x/%20%7B%7D%7C%22%3C%3E",
		"https://x/[]'()!*;":   "https://x/[]'()!*;",
		"https://bücher/":      "https://bücher/",
		"https://bücher":       "https://bücher",
		"é":                    "é", "é://": "é://", "": "",
	} {
		if got := sigv4.Escape(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
