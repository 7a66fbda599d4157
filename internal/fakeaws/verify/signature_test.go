package verify

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"fob/internal/fob"
)

const callerIdentity = "Action=GetCallerIdentity&Version=2011-06-15"

// raw reads a request as a server would, with its path as it was on the wire.
func raw(t testing.TB, text string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n"))))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func suiteVerifier(token string) Verifier {
	now, _ := time.Parse(amzTime, "20150830T123600Z")
	return Verifier{Now: func() time.Time { return now }, Key: func(id string) (Key, bool) {
		return Key{Secret: fob.NewSecret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), Token: fob.NewSecret(token)}, id == "AKIDEXAMPLE"
	}}
}

// The signatures were made with botocore; the first is in AWS's own suite.
func TestGolden(t *testing.T) {
	t.Parallel()
	const form = "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
	sha := Hash(nil)
	for _, tc := range []struct{ name, line, host, service, headers, body, signed, signature string }{
		{"vanilla", "GET /", "example.amazonaws.com", "service", "", "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"sts", "POST /", "sts.us-east-1.amazonaws.com", "sts", form, callerIdentity, "content-type;host;x-amz-date", "52a8540fea00e731072179f763577cbe2a45eac2c5d32fb4d785f3eefac88165"},
		{"token", "POST /", "sts.us-east-1.amazonaws.com", "sts", form + "X-Amz-Security-Token: TOKEN/+=\n", callerIdentity, "content-type;host;x-amz-date;x-amz-security-token", "c9dbe68f1bfa0bc60785473ab0e389ecd0c7037a4d5bb9e64d9307ad3d8d5ae3"},
		{"s3", "GET /a%20b/%E2%82%AC//x/../y", "bkt.s3.amazonaws.com", "s3", "X-Amz-Content-Sha256: " + sha + "\n", "", "host;x-amz-content-sha256;x-amz-date", "765fdb0e79544a5bfd19f9fa7ee0ab96c3377a1264fdf687f48607bf0ee1bfb3"},
		{"normalised", "GET /prod/a%20b/%E2%82%AC//x/../y?b=2&a=1&a=0", "abc.execute-api.us-east-1.amazonaws.com", "execute-api", "", "", "host;x-amz-date", "1556b5f0ddb04f50d41bdc17900ec8bc43e6eecd210e77b4626c758300c51151"},
		{"lambda", "POST /", "xyz.lambda-url.us-east-1.on.aws", "lambda", "Content-Type: application/json\n", "{}", "content-type;host;x-amz-date", "baaa12aa7d3a6de5c1c29c2987f96da543eaac208e6515f35cbaffe159537fe5"},
		{"port", "GET /_cat/indices?v", "localhost:9200", "es", "", "", "host;x-amz-date", "e65225d1a5ff963dd7f7decdb4b783d3f09de1dd618a22719b266b34f8dabeff"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			token := ""
			if strings.Contains(tc.headers, "Token") {
				token = "TOKEN/+="
			}
			r := raw(t, tc.line+" HTTP/1.1\nHost: "+tc.host+"\nX-Amz-Date: 20150830T123600Z\n"+tc.headers+
				"Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/"+tc.service+"/aws4_request, SignedHeaders="+tc.signed+", Signature="+tc.signature+"\n\n")
			sig, err := suiteVerifier(token).Verify(r, []byte(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			if sig.AccessKeyID != "AKIDEXAMPLE" || sig.Service != tc.service || sig.Presigned {
				t.Errorf("read as %+v", sig)
			}
			if _, err := suiteVerifier(token).Verify(r, []byte(tc.body+" ")); err == nil {
				t.Error("another body was accepted")
			}
		})
	}
}

func presigned(service, query string, expires string, token, headers, signature string) string {
	v := url.Values{"X-Amz-Algorithm": {algorithm}, "X-Amz-Credential": {"AKIDEXAMPLE/20150830/us-east-1/" + service + "/aws4_request"},
		"X-Amz-Date": {"20150830T123600Z"}, "X-Amz-Expires": {expires}, "X-Amz-SignedHeaders": {headers}}
	if token != "" {
		v.Set("X-Amz-Security-Token", token)
	}
	return "?" + query + v.Encode() + "&X-Amz-Signature=" + signature
}

func TestGoldenPresigned(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, path, host, query, service, expires, token, header, signed, signature string }{
		{"vanilla", "/", "example.amazonaws.com", "", "service", "3600", "", "", "host", "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
		{"s3 with token", "/k", "bkt.s3.amazonaws.com", "", "s3", "900", "TOKEN/+=", "", "host", "9624942d1be85d39b88e2913aabb3dfad62e62b10fc762ae6cd7319d1056a05c"},
		{"eks", "/", "sts.us-east-1.amazonaws.com", callerIdentity + "&", "sts", "60", "", "X-K8s-Aws-Id: mycluster\n", "host;x-k8s-aws-id", "5829625ece70cb49a2dd0e7bb456547b6b18e8313ab958d11ba3cbdbc44656d5"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := raw(t, "GET "+tc.path+presigned(tc.service, tc.query, tc.expires, tc.token, tc.signed, tc.signature)+" HTTP/1.1\nHost: "+tc.host+"\n"+tc.header+"\n")
			v := suiteVerifier(tc.token)
			sig, err := v.Verify(r, nil)
			if err != nil || !sig.Presigned {
				t.Fatal(err, sig)
			}
			start := v.Now()
			v.Now = func() time.Time { return start.Add(sig.Expires + time.Second) }
			if _, err = v.Verify(r, nil); err == nil {
				t.Error("accepted after its time")
			}
		})
	}
}

// Paths of AWS's suite, and what botocore makes of them.
func TestCanonicalPath(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ path, normal, s3 string }{
		{"/", "/", "/"},
		{"", "/", "/"},
		{"//", "/", "//"},
		{"/./", "/", "/./"},
		{"/./example", "/example", "/./example"},
		{"/example/..", "/", "/example/.."},
		{"/example1/example2/../..", "/", "/example1/example2/../.."},
		{"//example//", "/example/", "//example//"},
		{"/a%20b", "/a%2520b", "/a%20b"},
		{"/%E1%88%B4", "/%25E1%2588%25B4", "/%E1%88%B4"},
		{"/\u1234", "/%E1%88%B4", "/%E1%88%B4"},
		{"/a%2fb", "/a%252fb", "/a/b"},
		{"/-._~", "/-._~", "/-._~"},
	} {
		for _, want := range []struct {
			s3   bool
			path string
		}{{false, tc.normal}, {true, tc.s3}} {
			if got, err := canonicalPath(tc.path, want.s3); err != nil || got != want.path {
				t.Errorf("canonicalPath(%q, %v) = %q, %v; want %q", tc.path, want.s3, got, err, want.path)
			}
		}
	}
}

func TestCanonicalQuery(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                               "",
		"b=2&a=1&a=0":                    "a=0&a=1&b=2",
		"acl":                            "acl=",
		"a=%2F&A=/":                      "A=%2F&a=%2F",
		"a=b+c":                          "a=b%20c",
		"x=1&X-Amz-Signature=00&X-Amz=2": "X-Amz=2&x=1",
		"a-=1&a=1&a%20=1":                "a=1&a%20=1&a-=1",
	} {
		if got, err := CanonicalQuery(query); err != nil || got != want {
			t.Errorf("CanonicalQuery(%q) = %q, %v; want %q", query, got, err, want)
		}
	}
}

func FuzzAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=00ff")
	f.Add("AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request,SignedHeaders=host,Signature=a=b")
	f.Add("Bearer x")
	f.Fuzz(func(t *testing.T, header string) {
		a, err := parseAuthorization(header)
		if err != nil {
			var rej *rejection
			if !errors.As(err, &rej) || len(header) > 40 && strings.Contains(rej.message, header[20:]) {
				t.Fatalf("%v: not a rejection, or it tells the header", err)
			}
			return
		}
		if again, err := parseAuthorization(a.String()); err != nil || again != a {
			t.Fatalf("%q is read as %v, then as %v, %v", header, a, again, err)
		}
	})
}

func FuzzCanonical(f *testing.F) {
	f.Add("/a%20b//x/../y", "b=2&a=%2f&a=+&v")
	f.Add("/%zz", "%zz")
	f.Fuzz(func(t *testing.T, path, query string) {
		if once, err := CanonicalQuery(query); err == nil {
			if twice, err := CanonicalQuery(once); err != nil || twice != once {
				t.Errorf("query %q: %q, then %q, %v", query, once, twice, err)
			}
		}
		if once, err := canonicalPath(path, true); err == nil {
			if twice, err := canonicalPath(once, true); err != nil || twice != once {
				t.Errorf("path %q: %q, then %q, %v", path, once, twice, err)
			}
		}
		if clean := removeDots(path); removeDots(clean) != clean || clean[0] != '/' {
			t.Errorf("path %q is cleaned to %q", path, clean)
		}
	})
}

func TestClockTexts(t *testing.T) {
	t.Parallel()
	now := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	at := func(minutes int) Signature {
		when := now.Add(time.Duration(minutes) * time.Minute)
		return Signature{Service: "sts", Time: when, Stamp: when.Format(amzTime)}
	}
	for minutes, want := range map[int]string{
		-6: "Signature expired: 20150830T123000Z is now earlier than 20150830T123100Z (20150830T123600Z - 5 min.)",
		6:  "Signature not yet current: 20150830T124200Z is still later than 20150830T124100Z (20150830T123600Z + 5 min.)",
		-5: "<nil>", 5: "<nil>",
	} {
		if got := fmt.Sprint(checkTime(at(minutes), now)); got != want {
			t.Errorf("%d minutes off: %s\nwant %s", minutes, got, want)
		}
	}
}
