package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"fob/internal/delivery/proxy"
	"fob/internal/fob"
	"fob/test/leak"
	"fob/test/signer"
)

// running is a running proxy.
type running struct {
	url, token, host string
	link             string
	stop             func() error
}

// start runs a proxy with flags given as name, value, …
func start(t *testing.T, flags ...string) running {
	t.Helper()
	task := task(t, flags...)
	tokenFile := filepath.Join(t.TempDir(), "token")
	if task.Option("listen") == "" {
		task.Options["token-file"] = []string{tokenFile}
	}
	ready := make(chan fob.Delivery, 1)
	task.Ready = func(d fob.Delivery) error { ready <- d; return nil }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- proxy.Way().Run(ctx, task) }()
	select {
	case d := <-ready:
		token, _ := os.ReadFile(tokenFile)
		r := running{url: strings.TrimSpace(d.Stdout), token: string(token), link: d.URL}
		r.host = strings.TrimPrefix(r.url, "http://")
		r.stop = func() error { cancel(); return <-ended }
		t.Cleanup(func() {
			cancel()
			if _, err := os.Stat(tokenFile); len(token) > 0 && err == nil {
				<-ended
			}
		})
		return r
	case err := <-ended:
		cancel()
		t.Fatalf("it ended: %v (%s)", err, fob.HintOf(err))
	case <-time.After(2 * time.Minute):
		cancel()
		t.Fatal("it is not ready")
	}
	return running{}
}

func task(t *testing.T, flags ...string) fob.Task {
	options := map[string][]string{}
	for i := 0; i < len(flags); i += 2 {
		options[flags[i]] = append(options[flags[i]], flags[i+1])
	}
	return fob.Task{
		Requests: []fob.Request{{Profile: "prod"}}, Options: options, Deliver: signer.Deliver, Tell: func(text string) {
			if leak.In([]byte(text)) {
				t.Error("a secret is told")
			}
		},
		In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, RunDir: t.TempDir(),
		Ready: func(fob.Delivery) error { return errors.New("it should not be ready") },
	}
}

// upstream is a fake service; it returns its address too.
func upstream(t *testing.T, answer http.HandlerFunc) (*signer.Upstream, string) {
	u := &signer.Upstream{Answer: answer}
	srv := httptest.NewServer(u)
	t.Cleanup(srv.Close)
	return u, srv.URL
}

// raw sends text and returns the answer with its body.
func raw(t *testing.T, host, text string) (*http.Response, string) {
	t.Helper()
	network := "tcp"
	if filepath.IsAbs(host) {
		network = "unix"
	}
	conn, err := net.Dial(network, host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(text, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// head is a request's head, with the token.
func (r running) head(method, target string, headers ...string) string {
	lines := append([]string{method + " " + target + " HTTP/1.1", "Host: " + r.host, "Authorization: Bearer " + r.token}, headers...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// Upstream receives the bytes that the client sent, correctly signed.
func TestExactBytes(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"execute-api", "s3", "es", "aoss"} {
		u, url := upstream(t, nil)
		p := start(t, "to", url, "service", service)
		for _, target := range []string{
			"/", "/a%20b//x/../y?b=2&a=1&a=0&k", "//", "//x//", "/%2F%2e%2E/", "/%e2%82%ac", "/a+b?c+d=e+f", "/?", "/?a", "/?=&&", "/?a=b=c",
			"/~-._!$&'()*+,;=:@", "/x?y=/?:@!$'()*,", "/%25%2525?%25=%2525", "/.", "/..", "/a/./b/../../c/", "/?X-Other=1", "/" + strings.Repeat("a/", 2000), "/[]?[]=1",
		} {
			resp, body := raw(t, p.host, p.head("GET", target))
			sent := u.Take()
			if resp.StatusCode != 200 || len(sent) != 1 || sent[0].RequestURI != target {
				t.Errorf("%s %s: %s %s; %v", service, target, resp.Status, body, sent)
			}
		}
		// Characters that a URL must not contain are escaped before signing.
		resp, body := raw(t, p.host, p.head("GET", `/{a}|"b"?<c>=^`))
		if sent := u.Take(); resp.StatusCode != 200 || len(sent) != 1 || sent[0].RequestURI != "/%7Ba%7D%7C%22b%22?%3Cc%3E=%5E" {
			t.Errorf("%s: %s %s", service, resp.Status, body)
		}
		// A target in absolute form is the same request.
		resp, _ = raw(t, p.host, p.head("GET", "http://"+p.host+"/a//b"))
		if sent := u.Take(); resp.StatusCode != 200 || len(sent) != 1 || sent[0].RequestURI != "/a//b" {
			t.Errorf("%s: absolute form: %s", service, resp.Status)
		}
	}
}

// Headers for authentication and hop-by-hop headers are not forwarded; all others are, and x-amz-*
// headers are signed.
func TestStripping(t *testing.T) {
	t.Parallel()
	u, url := upstream(t, nil)
	p := start(t, "to", url, "service", "es")
	gone := []string{
		"X-Amz-Date: 20200101T000000Z", "x-amz-security-token: old", "X-AMZ-CONTENT-SHA256: abc", "X-Amz-Region-Set: *", "X-Amz-S3session-Token: x",
		"Proxy-Authorization: Basic eA==", "Proxy-Connection: keep-alive", "Proxy-Something: x", "Keep-Alive: 5", "TE: trailers", "Trailer: X", "HTTP2-Settings: x",
		"X-Fob-Token: " + p.token, "X-Named: 1", "X-Amz-Named: 1", "X-Forwarded-For: 1.2.3.4", "Forwarded: for=x",
	}
	kept := []string{
		"X-Amz-Target: Search.Run", "X-Amz-Meta-A: b", "Content-Type: application/x-ndjson", "Accept: a/b", "User-Agent: tool", "Cookie: a=b", "X-Custom: c",
		"Accept-Encoding: br", "Range: bytes=0-1", "If-None-Match: x",
	}
	lines := append(append([]string{"Connection: X-Named, x-amz-named"}, gone...), kept...)
	resp, body := raw(t, p.host, p.head("GET", "/", lines...))
	sent := u.Take()
	if resp.StatusCode != 200 || len(sent) != 1 {
		t.Fatal(resp.Status, body)
	}
	for _, line := range append(gone, "Connection: x") {
		name, value, _ := strings.Cut(line, ": ")
		for _, v := range sent[0].Header.Values(name) {
			if v == value || !strings.HasPrefix(name, "X-Amz-") && !strings.HasPrefix(name, "x-amz-") {
				t.Errorf("%s came through: %q", name, v)
			}
		}
	}
	for _, line := range kept {
		name, value, _ := strings.Cut(line, ": ")
		if got := sent[0].Header.Values(name); len(got) != 1 || got[0] != value {
			t.Errorf("%s is %q", name, got)
		}
	}
	if signed := strings.Join(sent[0].Signature.SignedHeaders, ";"); signed != "content-type;host;x-amz-date;x-amz-meta-a;x-amz-security-token;x-amz-target" {
		t.Error("signed:", signed)
	}
	if strings.Contains(fmt.Sprint(sent[0].Header), p.token) {
		t.Error("the token went on")
	}
	// No header is added.
	raw(t, p.host, p.head("GET", "/"))
	sent = u.Take()
	for _, name := range []string{"User-Agent", "Accept-Encoding", "X-Forwarded-For", "Content-Length", "Via"} {
		if v := sent[0].Header.Values(name); len(v) > 0 {
			t.Errorf("%s: %q was added", name, v)
		}
	}
}

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	u, url := upstream(t, nil)
	p := start(t, "to", url, "service", "es")
	_, port, _ := net.SplitHostPort(p.host)
	for _, tt := range []struct {
		name   string
		lines  []string
		status int
	}{
		{"bearer", []string{"Host: " + p.host, "Authorization: Bearer " + p.token}, 200},
		{"localhost", []string{"Host: localhost:" + port, "Authorization: bearer " + p.token}, 200},
		{"own header", []string{"Host: " + p.host, "X-Fob-Token: " + p.token, "Authorization: AWS4-HMAC-SHA256 Credential=x"}, 200},
		{"password", []string{"Host: " + p.host, "Authorization: Basic " + basic("any", p.token)}, 200},
		{"same origin", []string{"Host: " + p.host, "Authorization: Bearer " + p.token, "Origin: " + p.url, "Sec-Fetch-Site: same-origin"}, 200},
		{"none", []string{"Host: " + p.host}, 401},
		{"wrong", []string{"Host: " + p.host, "Authorization: Bearer " + p.token[1:]}, 401},
		{"longer", []string{"Host: " + p.host, "Authorization: Bearer " + p.token + "x"}, 401},
		{"empty", []string{"Host: " + p.host, "Authorization: Bearer "}, 401},
		{"as a name", []string{"Host: " + p.host, "Authorization: Basic " + basic(p.token, "")}, 401},
		{"two", []string{"Host: " + p.host, "Authorization: Bearer x", "Authorization: Bearer " + p.token}, 401},
		{"wrong own header", []string{"Host: " + p.host, "X-Fob-Token: x", "Authorization: Bearer " + p.token}, 401},
		{"cookie", []string{"Host: " + p.host, "Cookie: fob-proxy=" + p.token}, 401},
		{"in the query", []string{"Host: " + p.host}, 401},
		{"another host", []string{"Host: evil.test:" + port, "Authorization: Bearer " + p.token}, 403},
		{"no port", []string{"Host: 127.0.0.1", "Authorization: Bearer " + p.token}, 403},
		{"another origin", []string{"Host: " + p.host, "Authorization: Bearer " + p.token, "Origin: http://evil.test"}, 403},
		{"origin null", []string{"Host: " + p.host, "Authorization: Bearer " + p.token, "Origin: null"}, 403},
		{"another port", []string{"Host: " + p.host, "Authorization: Bearer " + p.token, "Sec-Fetch-Site: same-site"}, 403},
		{"another page", []string{"Host: " + p.host, "Authorization: Bearer " + p.token, "Referer: https://evil.test/"}, 403},
		{"no host", []string{"Authorization: Bearer " + p.token}, 400},
	} {
		for _, method := range []string{"GET", "POST", "OPTIONS", "HEAD", "DELETE"} {
			resp, _ := raw(t, p.host, method+" /?token="+p.token+" HTTP/1.1\r\n"+strings.Join(tt.lines, "\r\n")+"\r\n\r\n")
			if resp.StatusCode != tt.status || len(resp.Header.Values("Access-Control-Allow-Origin")) > 0 {
				t.Errorf("%s %s: %s", tt.name, method, resp.Status)
			}
			if sent := u.Take(); len(sent) != map[bool]int{true: 1}[tt.status == 200] {
				t.Errorf("%s %s: %d were forwarded", tt.name, method, len(sent))
			}
		}
	}
}

func basic(name, password string) string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(name, password)
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")
}

func TestRefused(t *testing.T) {
	t.Parallel()
	u, url := upstream(t, nil)
	p := start(t, "to", url, "service", "es")
	other, otherURL := upstream(t, nil)
	for name, tt := range map[string]struct {
		text   string
		status int
	}{
		"TRACE":                 {p.head("TRACE", "/"), 405},
		"CONNECT":               {p.head("CONNECT", strings.TrimPrefix(otherURL, "http://")), 400},
		"CONNECT with a path":   {p.head("CONNECT", "/"), 405},
		"absolute, elsewhere":   {p.head("GET", otherURL+"/"), 400},
		"presigned":             {p.head("GET", "/?X-Amz-Signature=abc"), 400},
		"presigned, disguised":  {p.head("GET", "/?x%2Damz-credential=abc"), 400},
		"signed chunks":         {p.head("PUT", "/", "X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "Content-Length: 0"), 501},
		"chunks":                {p.head("PUT", "/", "Content-Encoding: gzip,aws-chunked", "Content-Length: 0"), 501},
		"both lengths":          {p.head("POST", "/", "Content-Length: 5", "Transfer-Encoding: chunked") + "0\r\n\r\n", 400},
		"length twice":          {p.head("POST", "/", "Content-Length: 1", "Content-Length: 1") + "x", 400},
		"folded":                {p.head("GET", "/", "X-A: b", " c"), 400},
		"bare line feed":        {strings.Replace(p.head("GET", "/", "X-A: b", "X-C: d"), "b\r\n", "b\n", 1), 400},
		"another upgrade":       {p.head("GET", "/", "Connection: Upgrade", "Upgrade: h2c"), 400},
		"a bad escape":          {p.head("GET", "/100%"), 400},
		"a bad chunk":           {p.head("POST", "/", "Transfer-Encoding: chunked") + "3;x\r\nabc\r\n0\r\n\r\n", 400},
		"request within a body": {p.head("POST", "/", "Transfer-Encoding : chunked", "Content-Length: 0"), 400},
	} {
		resp, body := raw(t, p.host, tt.text)
		if resp.StatusCode != tt.status {
			t.Errorf("%s: %s %s", name, resp.Status, body)
		}
		if n := len(u.Take()) + len(other.Take()); n > 0 {
			t.Errorf("%s: %d were forwarded", name, n)
		}
	}
}

func TestSeveralHosts(t *testing.T) {
	t.Parallel()
	u1, url1 := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/there":
			w.Header().Set("Location", "/here?a")
		case "/evil":
			w.Header().Set("Location", "https://evil.test/x")
		default:
			w.Header().Set("Location", "http://"+r.Host+"/y#z")
		}
		w.Header().Add("Set-Cookie", "a=b; Path=/p; Domain=example.com; Secure")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.WriteHeader(http.StatusFound)
	})
	u2, url2 := upstream(t, nil)
	p := start(t, "to", url1, "to", url2, "service", "es")
	host1, host2 := strings.TrimPrefix(url1, "http://"), strings.TrimPrefix(url2, "http://")
	for target, want := range map[string]string{"/there": "/" + host1 + "/here?a", "/evil": "https://evil.test/x", "/x": "/" + host1 + "/y#z"} {
		resp, _ := raw(t, p.host, p.head("GET", "/"+host1+target))
		sent := u1.Take()
		if len(sent) != 1 || sent[0].RequestURI != target || sent[0].Host != host1 || resp.Header.Get("Location") != want {
			t.Errorf("%s: %v, %s", target, sent, resp.Header)
		}
		if c := resp.Header.Get("Set-Cookie"); c != "a=b; Path=/"+host1+"/p; Secure" {
			t.Error(c)
		}
		if resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Error("pages of others were allowed to read")
		}
	}
	for _, target := range []string{"/" + host2, "/" + host2 + "?a"} {
		resp, _ := raw(t, p.host, p.head("GET", target))
		if sent := u2.Take(); len(sent) != 1 || resp.StatusCode != 200 || sent[0].URL.Path != "/" {
			t.Error(target, resp.Status, sent)
		}
	}
	for _, target := range []string{"/", "/evil.test/", "/" + host1 + "0/", "/" + host1 + "@evil.test/", "//" + host1 + "/"} {
		resp, body := raw(t, p.host, p.head("GET", target))
		if resp.StatusCode != 404 || !strings.Contains(body, "/"+host2+"/") || len(u1.Take())+len(u2.Take()) > 0 {
			t.Error(target, resp.Status, body)
		}
	}
}

func TestSocket(t *testing.T) {
	t.Parallel()
	u, url := upstream(t, nil)
	path := filepath.Join(t.TempDir(), "s")
	p := start(t, "to", url, "service", "es", "listen", path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	resp, _ := raw(t, path, "GET /x HTTP/1.1\r\nHost: anything\r\n\r\n")
	if resp.StatusCode != 200 || len(u.Take()) != 1 {
		t.Error(resp.Status)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error("the socket stayed")
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{
		{}, {"to", "ftp://x"}, {"to", "https://x/path"}, {"to", "https://x?q"}, {"to", "user@x"}, {"to", ""}, {"to", "*.amazonaws.com"},
		{"to", "localhost:1", "to", "https://LOCALHOST:1", "service", "es"},
		{"to", "localhost:1"}, // no service can be derived from the host
		{"to", "localhost:1", "service", "es", "listen", "0.0.0.0:0"},
		{"to", "localhost:1", "service", "es", "listen", "localhost:0"},
		{"to", "localhost:1", "service", "es", "no-token", ""},
		{"to", "localhost:1", "to", "localhost:2", "service", "es", "browser", ""},
		{"to", "localhost:1", "service", "es", "cacert", "/none"},
	} {
		if err := proxy.Way().Run(t.Context(), task(t, flags...)); !errors.Is(err, fob.ErrUsage) || fob.HintOf(err) == "" && !strings.Contains(err.Error(), "cannot read") {
			t.Errorf("%q: %v", flags, err)
		}
	}
	failing := task(t, "to", "localhost:1", "service", "es")
	failing.Deliver = func(context.Context, fob.Request) (fob.Delivery, error) { return fob.Delivery{}, fob.ErrLocked }
	if err := proxy.Way().Run(t.Context(), failing); !errors.Is(err, fob.ErrLocked) {
		t.Error("what cannot be signed is told at the start:", err)
	}
}

// Each event is delivered before the next one is made, and trailers are passed on.
func TestStreams(t *testing.T) {
	t.Parallel()
	seen := make(chan bool)
	_, url := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Trailer", "X-Sum")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			select {
			case <-seen:
			case <-r.Context().Done():
				return
			}
		}
		w.Header().Set("X-Sum", "3")
	})
	p := start(t, "to", url, "service", "es")
	req, _ := http.NewRequestWithContext(t.Context(), "GET", p.url, nil)
	req.Header.Set("X-Fob-Token", p.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	r := bufio.NewReader(resp.Body)
	for i := range 3 {
		line, err := r.ReadString('\n')
		if err != nil || line != fmt.Sprintf("data: %d\n", i) {
			t.Fatal(line, err)
		}
		_, _ = r.ReadString('\n')
		seen <- true
	}
	if _, err := io.ReadAll(r); err != nil || resp.Trailer.Get("X-Sum") != "3" {
		t.Error(err, resp.Trailer)
	}
}

// A body much larger than the memory for it is signed completely.
func TestLargeBody(t *testing.T) {
	const size = 64 << 20
	var got int64
	var sum, said string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		got, _ = io.Copy(h, r.Body)
		sum, said = hex.EncodeToString(h.Sum(nil)), r.Header.Get("X-Amz-Content-Sha256")
		_, _ = io.CopyN(w, zeros{}, size)
	}))
	defer srv.Close()
	p := start(t, "to", srv.URL, "service", "s3")
	req, _ := http.NewRequestWithContext(t.Context(), "PUT", p.url+"/big", io.LimitReader(zeros{}, size))
	req.Header.Set("X-Fob-Token", p.token)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	done, peak := make(chan bool), make(chan uint64)
	go func() {
		var most uint64
		for {
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
			select {
			case <-done:
				peak <- most
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	close(done)
	if most := <-peak; most > before.HeapAlloc+16<<20 {
		t.Errorf("%d MiB in memory for a body of %d", (most-before.HeapAlloc)>>20, size>>20)
	}
	if err != nil || n != size || got != size || sum != said {
		t.Error(err, n, got, sum, said)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A wrong clock is corrected once: the body is sent again, and later requests use the correction.
func TestClock(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{20 * time.Minute, -20 * time.Minute} {
		u, url := upstream(t, nil)
		u.Ahead = ahead
		p := start(t, "to", url, "service", "execute-api")
		for i, want := range []int{2, 1} {
			resp, body := raw(t, p.host, p.head("POST", "/", "Content-Length: 5")+"hello")
			sent := u.Take()
			if resp.StatusCode != 200 || len(sent) != want || string(sent[want-1].Content) != "hello" {
				t.Errorf("%v, request %d: %s %s after %d", ahead, i, resp.Status, body, len(sent))
			}
		}
	}
}

// Other refusals are passed on unchanged and not retried.
func TestRefusalsPass(t *testing.T) {
	t.Parallel()
	u, url := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "AccessDenied "+strings.Repeat("x", 40<<10))
	})
	p := start(t, "to", url, "service", "execute-api")
	resp, body := raw(t, p.host, p.head("GET", "/"))
	if resp.StatusCode != 403 || len(body) != 13+40<<10 || len(u.Take()) != 1 || resp.Header.Get("X-Fob-Proxy") != "" {
		t.Error(resp.Status, len(body))
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	u := &signer.Upstream{}
	srv := httptest.NewUnstartedServer(u)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "to", srv.URL, "service", "es", "cacert", ca)
	resp, body := raw(t, p.host, p.head("POST", "/a%20b//c?d", "Content-Length: 2")+"{}")
	sent := u.Take()
	if resp.StatusCode != 200 || len(sent) != 1 || sent[0].ProtoMajor != 2 || sent[0].RequestURI != "/a%20b//c?d" {
		t.Error(resp.Status, body, sent)
	}
	p = start(t, "to", srv.URL, "service", "es")
	resp, body = raw(t, p.host, p.head("GET", "/"))
	if resp.StatusCode != 502 || resp.Header.Get("X-Fob-Proxy") != "502" || !strings.Contains(body, "hint: --cacert") || len(u.Take()) > 0 {
		t.Error(resp.Status, body)
	}
}

// While the vault is locked the proxy says so; after unlocking it works again.
func TestLocked(t *testing.T) {
	t.Parallel()
	u, url := upstream(t, nil)
	locked := make(chan bool, 1)
	one := task(t, "to", url, "service", "es", "listen", filepath.Join(t.TempDir(), "s"))
	one.Deliver = func(ctx context.Context, r fob.Request) (fob.Delivery, error) {
		select {
		case <-locked:
			return fob.Delivery{}, fob.Errorf(fob.ErrLocked, "the vault is locked").WithHint("fob unlock")
		default:
			return signer.Deliver(ctx, r)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	one.Ready = func(d fob.Delivery) error {
		path := strings.TrimSpace(strings.TrimPrefix(d.Stdout, "unix:"))
		for _, want := range []int{200, 503, 200} {
			if want == 503 {
				locked <- true
			}
			resp, body := raw(t, path, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if resp.StatusCode != want || want == 503 && !strings.Contains(body, "hint: fob unlock") {
				t.Error(resp.Status, body)
			}
		}
		cancel()
		return nil
	}
	if err := proxy.Way().Run(ctx, one); err != nil || len(u.Take()) != 2 {
		t.Error(err)
	}
}

// When a client disconnects, the request to upstream ends.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	left := make(chan bool)
	_, url := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(left)
	})
	p := start(t, "to", url, "service", "es")
	conn, err := net.Dial("tcp", p.host)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, p.head("GET", "/"))
	if _, err := bytes.NewBuffer(nil).ReadFrom(io.LimitReader(conn, 12)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	select {
	case <-left:
	case <-time.After(2 * time.Minute):
		t.Error("upstream was not told")
	}
}
