package route_test

import (
	"encoding/pem"
	"errors"
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

	"fob/internal/fob"
	"fob/internal/route"
)

const password = "FOBSECRETMARKERproxy"

// limit is more than any of these answers takes, on a busy machine too.
const limit = time.Minute

// secure is a server with TLS, and the file of its authority.
func secure(t *testing.T) (*httptest.Server, string) {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	s.Config.ErrorLog = nil
	t.Cleanup(s.Close)
	path := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return s, path
}

func get(p *route.Pool, n fob.Network, url string) (string, error) {
	resp, err := p.Client(n, limit).Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

// says checks that an error is one for people, that it and its hint have these words and
// no secret.
func says(t *testing.T, err error, words ...string) {
	t.Helper()
	var own *fob.Error
	if !errors.As(err, &own) || own.Hint == "" {
		t.Fatalf("%v is no error with a hint", err)
	}
	for _, word := range words {
		if !strings.Contains(own.Message+" "+own.Hint, word) {
			t.Errorf("no %q in %q (%s)", word, own.Message, own.Hint)
		}
	}
	if strings.Contains(err.Error()+own.Message+own.Hint, password) {
		t.Error("the proxy's password is shown")
	}
}

// One caller's authority is trusted for that caller alone, and none of this process'.
func TestAuthoritiesAreApart(t *testing.T) {
	s, ca := secure(t)
	t.Setenv("SSL_CERT_FILE", "") // of the process: see the story edge
	var p route.Pool
	if text, err := get(&p, fob.Network{CABundle: ca}, s.URL); err != nil || text != "hello" {
		t.Fatalf("%q, %v", text, err)
	}
	_, err := get(&p, fob.Network{}, s.URL)
	says(t, err, "the certificate of 127.0.0.1 is not trusted", "Acme Co", "AWS_CA_BUNDLE", "ca_bundle")
	// The file counts by what it holds now.
	_, other := secure(t)
	content, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ca, []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = get(&p, fob.Network{CABundle: ca}, s.URL)
	says(t, err, "holds no certificate", ca)
	_ = content
	_, err = get(&p, fob.Network{CABundle: filepath.Join(t.TempDir(), "gone")}, s.URL)
	says(t, err, "cannot read the certificate authorities", "AWS_CA_BUNDLE")
}

// The variables of whoever started this process decide nothing.
func TestOwnEnvironmentIsNotRead(t *testing.T) {
	s, ca := secure(t)
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"} {
		t.Setenv(name, "http://127.0.0.1:1")
	}
	var p route.Pool
	if _, err := get(&p, fob.Network{CABundle: ca}, s.URL); err != nil {
		t.Error(err)
	}
	if _, err := get(&p, fob.Network{}, "http://nowhere.invalid/"); err == nil || strings.Contains(err.Error(), "proxy") {
		t.Error(err)
	}
}

// Errors of proxies name the proxy, and not its password.
func TestProxies(t *testing.T) {
	t.Parallel()
	refusing := func(status int) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(s.Close)
		return strings.TrimPrefix(s.URL, "http://")
	}
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := dead.Addr().String()
	_ = dead.Close()
	asks, forbids := refusing(407), refusing(403)
	for name, tt := range map[string]struct {
		proxy string
		words []string
	}{
		"asks for a password":  {"http://jane:" + password + "@" + asks, []string{asks, "407", "HTTPS_PROXY"}},
		"forbids the host":     {"http://jane:" + password + "@" + forbids, []string{forbids, "sts.eu-west-1.amazonaws.com", "Forbidden"}},
		"is not there":         {"http://jane:" + password + "@" + closed, []string{"cannot reach the proxy http://" + closed}},
		"does not resolve":     {"http://jane:" + password + "@proxy.invalid:3128", []string{"cannot reach the proxy http://proxy.invalid:3128"}},
		"socks, not there":     {"socks5://jane:" + password + "@" + closed, []string{"cannot reach the proxy socks5://" + closed}},
		"TLS, speaks none":     {"https://jane:" + password + "@" + asks, []string{"cannot reach the proxy https://" + asks}},
		"no address":           {"http://jane:" + password + "@", []string{"HTTPS_PROXY", "http://HOST:PORT"}},
		"a scheme of its own":  {"gopher://jane:" + password + "@proxy:1", []string{"HTTPS_PROXY"}},
		"control characters":   {"http://jane:" + password + "@pro\x01xy:1", []string{"HTTPS_PROXY"}},
		"no scheme, not there": {closed, []string{"cannot reach the proxy http://" + closed}},
	} {
		t.Run(name, func(t *testing.T) {
			var p route.Pool
			_, err := get(&p, fob.Network{HTTPSProxy: tt.proxy}, "https://sts.eu-west-1.amazonaws.com/")
			says(t, err, tt.words...)
		})
	}
}

// A proxy that does not answer is named as well.
func TestSilentProxy(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	var p route.Pool
	_, err = p.Client(fob.Network{HTTPSProxy: "socks5://jane:" + password + "@" + silent.Addr().String()}, 200*time.Millisecond).Get("https://sts.eu-west-1.amazonaws.com/")
	says(t, err, "through the proxy socks5://"+silent.Addr().String())
}

// What stays open is bounded, whatever callers send.
func TestPoolIsBounded(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	var p route.Pool
	before := runtime.NumGoroutine()
	for i := range 200 {
		resp, err := p.Client(fob.Network{NoProxy: strings.Repeat("x", i), HTTPProxy: "http://127.0.0.1:1"}, limit).Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	for range 1000 { // connections close in the background
		if runtime.NumGoroutine()-before < 100 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines more", runtime.NumGoroutine()-before)
}
