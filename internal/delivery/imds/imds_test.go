package imds

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/partition"
)

func session(left time.Duration) delivery.Grant {
	now := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	return delivery.Grant{
		Profile: fob.Profile{Name: "prod", Keys: map[string]string{"region": "cn-north-1"}}, Partition: partition.OfRegion("cn-north-1"), Now: now,
		Credentials: func(context.Context) (fob.Credentials, error) {
			return fob.Credentials{AccessKeyID: "ASIA", SecretAccessKey: fob.NewSecret("FOBSECRETMARKER"), SessionToken: fob.NewSecret("t"),
				Expiration: now.Add(left), AccountID: "111122223333"}, nil
		},
	}
}

func TestHand(t *testing.T) {
	t.Parallel()
	d, err := Way().Hand(t.Context(), session(time.Hour))
	want := `{"Code":"Success","LastUpdated":"2026-11-23T15:00:00Z","Type":"AWS-HMAC","AccessKeyId":"ASIA","SecretAccessKey":"FOBSECRETMARKER","Token":"t","Expiration":"2026-11-23T15:59:00Z","AccountId":"111122223333"}`
	if err != nil || d.Stdout != want || d.Warning != "" {
		t.Error(err, d.Warning)
	}
	d, err = Way().Hand(t.Context(), session(15*time.Minute))
	if err != nil || !strings.Contains(d.Warning, "15 minutes left") || strings.Contains(d.Warning, "FOBSECRET") {
		t.Error(err, d.Warning)
	}
	g := session(0)
	g.Credentials = func(context.Context) (fob.Credentials, error) { return fob.Credentials{AccessKeyID: "AKIA"}, nil }
	if d, err := Way().Hand(t.Context(), g); !errors.Is(err, fob.ErrUsage) || d.Stdout != "" {
		t.Error(err)
	}
}

func start(t *testing.T, hand func() (fob.Delivery, error)) string {
	t.Helper()
	ready, ended := make(chan fob.Delivery, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	task := fob.Task{
		Requests: []fob.Request{{Profile: "corp/pay/Admin"}}, Options: map[string][]string{"force": {""}}, Tell: func(string) {},
		Deliver: func(_ context.Context, r fob.Request) (fob.Delivery, error) {
			if r.MinValid < enough || r.Way != "imds" {
				t.Errorf("%+v", r)
			}
			return hand()
		},
		Ready: func(d fob.Delivery) error { ready <- d; return nil },
	}
	go func() { ended <- run(ctx, task) }()
	t.Cleanup(func() { cancel(); <-ended })
	select {
	case d := <-ready:
		first, _, _ := strings.Cut(d.Stdout, "\n")
		return strings.TrimPrefix(first, "AWS_EC2_METADATA_SERVICE_ENDPOINT=")
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	return ""
}

func ask(t *testing.T, method, url string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp, string(text)
}

// Tokens are needed, have a limited life, and come only by PUT; requests that a proxy forwarded are
// refused; IMDSv1 is refused.
func TestService(t *testing.T) {
	t.Parallel()
	base := start(t, func() (fob.Delivery, error) { return Way().Hand(t.Context(), session(time.Hour)) })
	const ttl = "X-aws-ec2-metadata-token-ttl-seconds"
	for _, tt := range []struct {
		method, ttl string
		more        []string
		want        int
	}{
		{"PUT", "1", nil, 200}, {"PUT", "21600", nil, 200}, {"PUT", "", nil, 400}, {"PUT", "0", nil, 400}, {"PUT", "21601", nil, 400},
		{"PUT", "-1", nil, 400}, {"PUT", "x", nil, 400}, {"PUT", "60", []string{ttl, "60"}, 400},
		{"PUT", "60", []string{"X-Forwarded-For", "10.0.0.1"}, 403}, {"PUT", "60", []string{"x-forwarded-for", ""}, 403},
		{"PUT", "60", []string{"Host", "169.254.169.254"}, 403}, {"PUT", "60", []string{"Host", "evil.test"}, 403},
		{"PUT", "60", []string{"Origin", "http://evil.test"}, 403}, {"PUT", "60", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"GET", "60", nil, 405}, {"POST", "60", nil, 405}, {"OPTIONS", "60", nil, 405},
	} {
		resp, text := ask(t, tt.method, base+"/latest/api/token", append([]string{ttl, tt.ttl}, tt.more...)...)
		if resp.StatusCode != tt.want || resp.StatusCode == 200 != (text != "" && resp.Header.Get(ttl) == tt.ttl) {
			t.Errorf("%s %q %v: %s, TTL %q", tt.method, tt.ttl, tt.more, resp.Status, resp.Header.Get(ttl))
		}
	}
	_, token := ask(t, "PUT", base+"//latest/api/token/", ttl, "60")
	const role, list = "corp-pay-Admin", "/latest/meta-data/iam/security-credentials/"
	for path, want := range map[string]string{
		list: role, strings.TrimSuffix(list, "/"): role, list + role: `"Code":"Success"`, "/latest/meta-data/placement/region": "cn-north-1",
		"/latest/meta-data/placement/availability-zone": "cn-north-1a", "/latest/meta-data/instance-id": instance,
		"/latest/meta-data/iam/info":                           "arn:aws-cn:iam::111122223333:instance-profile/" + role,
		"/latest/dynamic/instance-identity/document":           `"region": "cn-north-1"`,
		"/latest/meta-data/iam/security-credentials-extended/": "404", list + "other": "404", list + role + "/": `"Code":"Success"`, "/latest//meta-data//iam/security-credentials//" + role + "//": `"Code":"Success"`, "//latest/meta-data/instance-id/": instance, "/latest/meta-data/": "404",
		"/latest/user-data": "404", "/": "404", list + "../security-credentials/" + role: "404", "/LATEST/meta-data/instance-id": "404",
	} {
		resp, text := ask(t, "GET", base+path, "X-aws-ec2-metadata-token", token)
		if want == "404" && (resp.StatusCode != 404 || text != "") || want != "404" && (resp.StatusCode != 200 || !strings.Contains(text, want)) {
			t.Errorf("%s: %s %q", path, resp.Status, want)
		}
		for _, wrong := range [][]string{nil, {"X-aws-ec2-metadata-token", ""}, {"X-aws-ec2-metadata-token", token + "A"}, {"X-aws-ec2-metadata-token", "x"},
			{"X-aws-ec2-metadata-token", strings.Repeat("A", len(token))}, {"Authorization", token}, {"X-aws-ec2-metadata-token", token, "X-aws-ec2-metadata-token", token}} {
			if resp, text := ask(t, "GET", base+path, wrong...); resp.StatusCode != 401 || text != "" {
				t.Errorf("%s without a token: %s", path, resp.Status)
			}
		}
		if resp, _ := ask(t, "POST", base+path, "X-aws-ec2-metadata-token", token); resp.StatusCode != 405 {
			t.Errorf("POST %s: %s", path, resp.Status)
		}
	}
}

func TestWithoutARegion(t *testing.T) {
	t.Parallel()
	g := session(time.Hour)
	g.Profile.Keys = nil
	base := start(t, func() (fob.Delivery, error) { return Way().Hand(t.Context(), g) })
	_, token := ask(t, "PUT", base+"/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds", "60")
	for _, path := range []string{"meta-data/placement/region", "meta-data/placement/availability-zone", "dynamic/instance-identity/document"} {
		if resp, _ := ask(t, "GET", base+"/latest/"+path, "X-aws-ec2-metadata-token", token); resp.StatusCode != 404 {
			t.Error(path, resp.Status)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	now := time.Now()
	a, b := newTokens(), newTokens()
	text := a.make(now.Add(time.Minute))
	if !a.valid(text, now) || a.valid(text, now.Add(time.Minute)) || b.valid(text, now) || text == a.make(now.Add(time.Minute)) {
		t.Error("tokens are not told apart")
	}
	for i := range text { // also the ones that encode the expiry
		other := []byte(text)
		other[i] ^= 1
		if a.valid(string(other), now) {
			t.Error("changed at", i)
		}
	}
}

func FuzzTokens(f *testing.F) {
	tokens := newTokens()
	now := time.Now()
	f.Add(tokens.make(now.Add(-time.Minute)))
	f.Fuzz(func(t *testing.T, text string) {
		if tokens.valid(text, now) {
			t.Error("valid")
		}
	})
}

func TestPeople(t *testing.T) {
	t.Parallel()
	const passwd = "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\njane:x:1000:1000::/home/jane:/bin/bash\n" +
		"svc:x:1001:1001::/:/bin/false\njoe:x:1002:1002::/home/joe:\nnobody:x:65534:65534::/:/bin/sh\nbroken\n:x:y\n"
	for _, tt := range []struct {
		self    int
		present []string
		want    []string
	}{
		{1000, nil, []string{"joe"}},
		{1002, []string{"1002"}, []string{"jane"}},
		{0, []string{"0", "x"}, []string{"jane", "joe"}},
		{1000, []string{"1000", "1002", "1234", "65534"}, []string{"joe", "user 1234"}}, // 1234 is an account of a directory service
	} {
		if got := people(passwd, tt.present, tt.self); !slices.Equal(got, tt.want) {
			t.Errorf("for %d: %v", tt.self, got)
		}
	}
	if got := people("jane:x:1000:1000::/home/jane:/bin/bash\n", []string{"1000"}, 1000); got != nil {
		t.Error(got)
	}
}

func FuzzPeople(f *testing.F) {
	f.Add("a:x:1000:1:::/bin/sh\n", "1001")
	f.Fuzz(func(t *testing.T, passwd, present string) { people(passwd, []string{present}, 1000) })
}

func TestJSONReport(t *testing.T) {
	t.Parallel()
	s := newServer(t.Context(), fob.Task{Requests: []fob.Request{{Profile: "a b"}}})
	l := fakeListener{}
	var list []map[string]string
	if err := json.Unmarshal([]byte(report(l, s, "eu-west-1", true).Stdout), &list); err != nil || list[0]["region"] != "eu-west-1" || list[0]["role"] != "a-b" || list[0]["url"] != "http://127.0.0.1:1" {
		t.Error(list, err)
	}
}

type fakeListener struct{ net.Listener }

func (fakeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
