package sigv4_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fob/internal/fakeaws"
	"fob/internal/fob"
	"fob/internal/sigv4"
)

// received returns the request as a server sees it, with path and query exactly as sent.
func received(r sigv4.Request, rawURL string, set []sigv4.Header) *http.Request {
	_, rest, _ := strings.Cut(rawURL, "://")
	rest, _, _ = strings.Cut(rest, "#")
	uri := "/"
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		uri = rest[i:]
	}
	if uri[0] == '?' {
		uri = "/" + uri
	}
	_, query, _ := strings.Cut(uri, "?")
	method := r.Method
	if method == "" {
		method = "GET"
	}
	host, _ := sigv4.Host(r.URL)
	out := &http.Request{Method: method, RequestURI: uri, URL: &url.URL{RawQuery: query}, Host: host, Header: http.Header{}}
	for _, h := range r.Headers {
		if strings.EqualFold(h.Name, "host") {
			out.Host = h.Value
		} else {
			out.Header.Add(h.Name, h.Value)
		}
	}
	for _, h := range set {
		out.Header.Set(h.Name, h.Value)
	}
	if text := out.Header.Get("Content-Length"); text != "" {
		out.ContentLength, _ = strconv.ParseInt(text, 10, 64)
	}
	return out
}

// verifier is that of fakeaws, which shares no code with the signer.
func verifier(c fob.Credentials, now time.Time) fakeaws.Verifier {
	return fakeaws.Verifier{Now: func() time.Time { return now }, Key: func(id string) (fakeaws.Key, bool) {
		return fakeaws.Key{Secret: c.SecretAccessKey, Token: c.SessionToken}, id == c.AccessKeyID
	}}
}

// check signs with headers and as a URL and has a server verify both. It reports whether the
// request could be signed.
func check(t testing.TB, c fob.Credentials, r sigv4.Request, s sigv4.Scope, body string) bool {
	t.Helper()
	v := verifier(c, s.Time)
	set, err := sigv4.Sign(c, r, s)
	if err != nil {
		if set != nil {
			t.Fatalf("%v, and headers", err)
		}
		return false
	}
	if sig, err := v.Verify(received(r, r.URL, set), []byte(body)); err != nil || sig.Service != s.Service || sig.Region != s.Region {
		t.Fatalf("%+v %+v: %v\nsigned with %v", r, s, err, set)
	}
	presigned, err := sigv4.Presign(c, r, s, time.Hour)
	if err != nil {
		t.Fatalf("%+v: signed, but not presigned: %v", r, err)
	}
	if again, err := sigv4.Presign(c, r, s, time.Hour); again != presigned || err != nil {
		t.Fatalf("%s, then %s, %v", presigned, again, err)
	}
	if sigv4.Escape(presigned) != presigned {
		t.Fatalf("%q is no URL", presigned)
	}
	if sig, err := v.Verify(received(r, presigned, nil), []byte(body)); err != nil || !sig.Presigned || sig.Expires != time.Hour {
		t.Fatalf("%+v: %s: %v", r, presigned, err)
	}
	return true
}

// withoutOwn removes the headers that a signature sets: Sign replaces them, and a presigned URL
// must not be sent with them.
func withoutOwn(headers []sigv4.Header) []sigv4.Header {
	var out []sigv4.Header
	lengths := 0
	for _, h := range headers {
		switch strings.ToLower(h.Name) {
		case "authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "x-amz-region-set":
			continue
		case "content-length":
			if n, err := strconv.ParseUint(h.Value, 10, 31); err != nil || strconv.FormatUint(n, 10) != h.Value || lengths > 0 {
				continue
			}
			lengths++
		}
		out = append(out, h)
	}
	return out
}

func services() []string {
	return []string{"execute-api", "s3", "es", "aoss", "vpc-lattice-svcs", "iotdevicegateway", "s3-outposts", "lambda"}
}

// A server that knows only the request and the key accepts every signature, for random requests.
func TestVerified(t *testing.T) {
	t.Parallel()
	suite := vectors(t)
	rapid.Check(t, func(rt *rapid.T) {
		text := func(pattern, label string) string { return rapid.StringMatching(pattern).Draw(rt, label) }
		service := rapid.SampledFrom(services()).Draw(rt, "service")
		body := text(`[a-z]{0,9}`, "body")
		r := sigv4.Request{
			Method: text(`GET|POST|PUT|DELETE|PATCH|HEAD|M-SEARCH`, "method"),
			URL:    text(`https?://([a-z0-9.-]{1,20}|\[::1\])(:80|:443|:9200)?(/([a-zA-Z0-9~._=+;,:@$'()*! é/-]|%[0-9a-fA-F]{2}|/\.\.?/){0,20})?(\?(([a-zA-Z~._ é/+;:-]|%[0-9a-fA-F]{2}){0,5}=?([a-zA-Z0-9/=+ ]|%[0-9A-F]{2}){0,5}&?){0,6})?(#x)?`, "url"),
		}
		r.Payload, _ = sigv4.HashHex(strings.NewReader(body))
		for range rapid.IntRange(0, 6).Draw(rt, "headers") {
			r.Headers = append(r.Headers, sigv4.Header{Name: text(`[Xx]-[A-Ca-c]|Content-Type|X-Amz-Meta-[ab]|User-Agent|Expect|Proxy-X|Accept|TE`, "name"), Value: text(`[ \ta-zé"=,]{0,12}`, "value")})
		}
		s := suite.scope(t, service)
		if s.Asymmetric = rapid.IntRange(0, 9).Draw(rt, "4a") == 0; s.Asymmetric {
			s.Region = text(`\*|us-east-1|us-\*,eu-west-1`, "set")
		}
		c := suite.credentials(text(`(TOKEN/\+=)?`, "token"))
		c.SecretAccessKey = fob.NewSecret(text(`[A-Za-z0-9/+]{1,90}`, "secret"))
		if !check(t, c, r, s, body) {
			rt.Fatalf("%+v cannot be signed", r)
		}
	})
}

func FuzzSign(f *testing.F) {
	suite := vectors(f)
	for i, v := range suite.Cases {
		headers := ""
		for _, h := range v.Headers {
			headers += h[0] + ": " + h[1] + "\n"
		}
		f.Add(v.Method, v.URL, headers, v.Body, v.Token, byte(i))
	}
	f.Add("GET", "https://[::1%25a]:1?;&=%00", "a:\nb: \x80", "", "\n", byte(9))
	f.Fuzz(func(t *testing.T, method, rawURL, headers, body, token string, choice byte) {
		r := sigv4.Request{Method: method, URL: rawURL}
		r.Payload, _ = sigv4.HashHex(strings.NewReader(body))
		for line := range strings.SplitSeq(headers, "\n") {
			if name, value, ok := strings.Cut(line, ":"); ok {
				r.Headers = append(r.Headers, sigv4.Header{Name: name, Value: value})
			}
		}
		r.Headers = withoutOwn(r.Headers)
		all := services()
		s := suite.scope(t, all[int(choice)%len(all)])
		if s.Asymmetric = choice >= 240; s.Asymmetric {
			s.Region = "us-east-1,*"
		}
		check(t, suite.credentials(token), r, s, body)
	})
}

func FuzzGuess(f *testing.F) {
	f.Add("bkt.s3.dualstack.eu-west-1.amazonaws.com:443")
	f.Add("global.health.amazonaws.com")
	f.Add("x.us-east-1.es.amazonaws.com.")
	f.Fuzz(func(t *testing.T, host string) {
		service, region, ok := sigv4.Guess(host)
		if !ok && service+region != "" || ok && service == "" {
			t.Errorf("%q: %q, %q, %v", host, service, region, ok)
		}
		if again, where, _ := sigv4.Guess(strings.ToUpper(host)); ok && (again != service || where != region) {
			t.Errorf("%q in upper case: %q, %q", host, again, where)
		}
	})
}

// The verifier refuses bad requests of the kinds that only these tests sign, as AWS does.
func TestVerifierRefuses(t *testing.T) {
	t.Parallel()
	suite := vectors(t)
	c := suite.credentials("TOKEN/+=")
	sum, _ := sigv4.HashHex(strings.NewReader("body"))
	for name, tt := range map[string]struct {
		service, set string // a region set: Signature Version 4a
		presigned    bool
		edit         func(*http.Request)
		ok           bool
	}{
		"4a":                          {"events", "*", false, func(*http.Request) {}, true},
		"4a, a pattern":               {"events", "eu-*,us-*", false, func(*http.Request) {}, true},
		"4a, elsewhere":               {"events", "eu-*", false, func(*http.Request) {}, false},
		"4a, another set":             {"events", "us-*", false, func(r *http.Request) { r.Header.Set("X-Amz-Region-Set", "us-east-1") }, false},
		"4a, no set":                  {"events", "*", false, func(r *http.Request) { r.Header.Del("X-Amz-Region-Set") }, false},
		"4a, another path":            {"events", "*", false, func(r *http.Request) { r.RequestURI = "/b" }, false},
		"4a, in the URL":              {"s3", "*", true, func(*http.Request) {}, true},
		"4a, in the URL, another set": {"s3", "us-*", true, func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "us-%2A", "%2A", 1) }, false},
		"MQTT":                        {"iotdevicegateway", "", true, func(*http.Request) {}, true},
		"another's token": {"iotdevicegateway", "", true, func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "TOKEN", "TAKEN", 1)
		}, false},
		"lattice":         {"vpc-lattice-svcs", "", false, func(*http.Request) {}, true},
		"lattice, hashed": {"vpc-lattice-svcs", "", false, func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", sum) }, false},
		"aoss":            {"aoss", "", false, func(*http.Request) {}, true},
		"aoss, no hash":   {"aoss", "", false, func(r *http.Request) { r.Header.Del("X-Amz-Content-Sha256") }, false},
		"aoss, length": {"aoss", "", false, func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "SignedHeaders=", "SignedHeaders=content-length;", 1))
		}, false},
	} {
		r := sigv4.Request{Method: "PUT", URL: "https://x.example/a?b;c", Payload: sum}
		s := suite.scope(t, tt.service)
		if tt.set != "" {
			s.Region, s.Asymmetric = tt.set, true
		}
		set, err := sigv4.Sign(c, r, s)
		rawURL := r.URL
		if tt.presigned {
			set = nil
			rawURL, err = sigv4.Presign(c, r, s, time.Minute)
		}
		if err != nil {
			t.Fatal(err)
		}
		got := received(r, rawURL, set)
		tt.edit(got)
		v := verifier(c, s.Time)
		v.Region = "us-east-1"
		if _, err := v.Verify(got, []byte("body")); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
