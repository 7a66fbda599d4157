package loopback

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"fob/internal/fob"
	"fob/test/skip"
)

// listening serves a handler that answers "ok", guarded by [Local].
func listening(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := Listen(address)
	if err != nil {
		t.Fatal(err)
	}
	h := Local(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }),
		func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	srv := Server(h)
	go srv.Serve(Own(l, false))
	t.Cleanup(func() { srv.Close() })
	return l
}

// say sends bytes and returns the status and headers of the answer; 0 if there is none.
func say(t *testing.T, l net.Listener, text string) (int, http.Header) {
	t.Helper()
	c, err := net.Dial(l.Addr().Network(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
	fmt.Fprint(c, text)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, nil
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header
}

// A request with another Host than the server's own, or one that a browser sent for a web page, is
// refused: that is how DNS rebinding and cross-site requests would reach a local server.
func TestLocal(t *testing.T) {
	t.Parallel()
	l := listening(t, "127.0.0.1:0")
	own := l.Addr().String()
	_, port, _ := net.SplitHostPort(own)
	for _, tt := range []struct {
		name, text string
		want       int
	}{
		{"its own", "GET / HTTP/1.1\r\nHost: " + own + "\r\n\r\n", 200},
		{"localhost", "GET / HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n", 200},
		{"typed into a browser", "GET / HTTP/1.1\r\nHost: " + own + "\r\nSec-Fetch-Site: none\r\n\r\n", 200},
		{"rebound", "GET / HTTP/1.1\r\nHost: evil.test:" + port + "\r\n\r\n", 403},
		{"no port", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 403},
		{"another port", "GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", 403},
		{"with a dot", "GET / HTTP/1.1\r\nHost: localhost.:" + port + "\r\n\r\n", 403},
		{"another loopback", "GET / HTTP/1.1\r\nHost: 127.0.0.2:" + port + "\r\n\r\n", 403},
		{"as a number", "GET / HTTP/1.1\r\nHost: 2130706433:" + port + "\r\n\r\n", 403},
		{"0.0.0.0", "GET / HTTP/1.1\r\nHost: 0.0.0.0:" + port + "\r\n\r\n", 403},
		{"IPv6", "GET / HTTP/1.1\r\nHost: [::1]:" + port + "\r\n\r\n", 403},
		{"mapped", "GET / HTTP/1.1\r\nHost: [::ffff:127.0.0.1]:" + port + "\r\n\r\n", 403},
		{"user before it", "GET / HTTP/1.1\r\nHost: x@" + own + "\r\n\r\n", 400},
		{"missing", "GET / HTTP/1.1\r\n\r\n", 400},
		{"missing in 1.0", "GET / HTTP/1.0\r\n\r\n", 403},
		{"empty", "GET / HTTP/1.1\r\nHost: \r\n\r\n", 403},
		{"twice", "GET / HTTP/1.1\r\nHost: " + own + "\r\nHost: " + own + "\r\n\r\n", 400},
		{"two in one", "GET / HTTP/1.1\r\nHost: " + own + ", evil.test\r\n\r\n", 400},
		{"absolute, own", "GET http://" + own + "/ HTTP/1.1\r\nHost: " + own + "\r\n\r\n", 403},
		{"absolute, own, evil Host", "GET http://" + own + "/ HTTP/1.1\r\nHost: evil.test\r\n\r\n", 403},
		{"absolute, evil", "GET http://evil.test/ HTTP/1.1\r\nHost: " + own + "\r\n\r\n", 403},
		{"asterisk", "OPTIONS * HTTP/1.1\r\nHost: " + own + "\r\n\r\n", 403},
		{"connect", "CONNECT " + own + " HTTP/1.1\r\nHost: " + own + "\r\n\r\n", 403},
		{"origin", "GET / HTTP/1.1\r\nHost: " + own + "\r\nOrigin: http://" + own + "\r\n\r\n", 403},
		{"empty origin", "GET / HTTP/1.1\r\nHost: " + own + "\r\nOrigin:\r\n\r\n", 403},
		{"null origin", "POST / HTTP/1.1\r\nHost: " + own + "\r\nOrigin: null\r\nContent-Length: 0\r\n\r\n", 403},
		{"referer", "GET / HTTP/1.1\r\nHost: " + own + "\r\nReferer: http://x/\r\n\r\n", 403},
		{"cross-site", "GET / HTTP/1.1\r\nHost: " + own + "\r\nSec-Fetch-Site: cross-site\r\n\r\n", 403},
		{"same-origin", "GET / HTTP/1.1\r\nHost: " + own + "\r\nSec-Fetch-Site: same-origin\r\n\r\n", 403},
		{"two sites", "GET / HTTP/1.1\r\nHost: " + own + "\r\nSec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n\r\n", 403},
	} {
		got, header := say(t, l, tt.text)
		if got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
		for name := range header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: %s is sent", tt.name, name)
			}
		}
		if got == 200 && (header.Get("Cache-Control") != "no-store" || header.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(header.Get("Content-Security-Policy"), "frame-ancestors 'none'")) {
			t.Errorf("%s: %v", tt.name, header)
		}
	}
}

func TestLocalIPv6(t *testing.T) {
	t.Parallel()
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		skip.Because(t, skip.NoIPv6)
	} else {
		l.Close()
	}
	l := listening(t, "[::1]:0")
	own := l.Addr().String()
	_, port, _ := net.SplitHostPort(own)
	for host, want := range map[string]int{own: 200, "localhost:" + port: 200, "127.0.0.1:" + port: 403, "[::]:" + port: 403, "[0:0:0:0:0:0:0:1]:" + port: 403} {
		if got, _ := say(t, l, "GET / HTTP/1.1\r\nHost: "+host+"\r\n\r\n"); got != want {
			t.Errorf("%s: %d", host, got)
		}
	}
}

// Clients leave out the protocol's default port in Host.
func TestHostsOnPort80(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"127.0.0.1:80": "127.0.0.1", "169.254.169.254:80": "169.254.169.254", "[::1]:80": "[::1]"} {
		a, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		hosts := hostsOf(named{a})
		if !hosts[want] || !hosts[address] || hosts["localhost:80"] == strings.HasPrefix(address, "169") {
			t.Errorf("%s: %v", address, hosts)
		}
	}
}

type named struct{ a net.Addr }

func (n named) Addr() net.Addr            { return n.a }
func (n named) Close() error              { return nil }
func (n named) Accept() (net.Conn, error) { return nil, net.ErrClosed }

func TestListenRefuses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "0.0.0.0:0", ":0", "[::]:0", "localhost:0", "10.0.0.1:0", "127.0.0.1", "relative/path", "169.254.169.254:80", "evil.test:1"} {
		if l, err := Listen(address); err == nil {
			l.Close()
			t.Errorf("%q was opened", address)
		}
	}
	for _, address := range []string{"0.0.0.0:0", "169.254.169.254:http:x", "169.254.170.2:80"} {
		if l, err := ListenMetadata(address); err == nil {
			l.Close()
			t.Errorf("%q was opened for metadata", address)
		}
	}
}

func TestListenAtASocket(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		skip.Because(t, skip.Windows)
	}
	dir, err := os.MkdirTemp("", "fob-s-") // a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l := listening(t, path)
	if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if got, _ := say(t, l, "GET / HTTP/1.1\r\nHost: anything\r\n\r\n"); got != 200 {
		t.Error(got)
	}
	if l, err := Listen(path); err == nil {
		l.Close()
		t.Error("taken from who listens there")
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	again, err := Listen(path)
	if err != nil {
		t.Fatal("a leftover socket is in the way:", err)
	}
	again.Close()
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := Listen(path); err == nil {
		l.Close()
		t.Error("a file was replaced")
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	a, b := NewToken(), NewToken()
	if !a.Is(a.Reveal()) || a.Is(b.Reveal()) || a.Is("") || a.Is(a.Reveal()+"\n") || a.Is("Bearer "+a.Reveal()) || len(a.Reveal()) != 43 {
		t.Error("tokens are not told apart")
	}
	if (Token{}).Is("") {
		t.Error("no token is a token")
	}
	if text := fmt.Sprintf("%v %+v %#v", a, a, a); strings.Contains(text, a.Reveal()) {
		t.Error("a token prints")
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int{
		ErrLate: 503, fob.ErrLocked: 503, fob.ErrNobody: 503, fob.ErrSignIn: 503, fob.ErrNetwork: 503,
		fob.ErrRefused: 400, fob.ErrNotFound: 400, fob.ErrUsage: 400, fob.ErrInternal: 500, io.EOF: 500,
	} {
		if got := Status(err); got != want {
			t.Errorf("%v: %d", err, got)
		}
	}
}
