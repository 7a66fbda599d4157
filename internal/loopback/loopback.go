// Package loopback holds what all of fob's servers on this machine have in common. They listen on a
// literal loopback address or on a private unix socket, check the Host header, and refuse requests
// without the token. This protects them from browsers, which can be made to send requests to
// loopback by a web page or under a foreign host name (DNS rebinding), and from other machines,
// which could reach a listener that is not bound to loopback.
package loopback

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"fob/internal/fob"
)

// Listen opens an address: 127.0.0.1:PORT or [::1]:PORT (port 0: any free port), or the absolute
// path of a unix socket with mode 0600. A socket file left by a dead process is replaced.
func Listen(address string) (net.Listener, error) {
	if filepath.IsAbs(address) {
		return listenUnix(address)
	}
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	if err != nil || ip == nil || !ip.IsLoopback() {
		return nil, fob.Errorf(fob.ErrUsage, "%q is not a loopback address with a port", address).WithHint("127.0.0.1:0, or the absolute path of a unix socket")
	}
	return listenTCP(address, near)
}

// metadataHost is the address at which AWS's SDKs expect the instance metadata service.
const metadataHost = "169.254.169.254"

// ListenMetadata is like [Listen] and also accepts 169.254.169.254:PORT, if the loopback device has
// that address. It cannot be reached through other network devices.
func ListenMetadata(address string) (net.Listener, error) {
	if host, _, err := net.SplitHostPort(address); err != nil || host != metadataHost {
		return Listen(address)
	}
	return listenTCP(address, loopbackOnly)
}

func listenTCP(address string, control func(network, address string, c syscall.RawConn) error) (net.Listener, error) {
	config := net.ListenConfig{Control: control}
	l, err := config.Listen(context.Background(), "tcp", address)
	switch {
	case err == nil:
		return l, nil
	case strings.HasPrefix(address, metadataHost):
		return nil, fob.Errorf(fob.ErrUsage, "cannot listen at %s: %w", address, err).
			WithHint("ip address add %s/32 dev lo (as root; ports below 1024 need a right too), or 127.0.0.1:0 with AWS_EC2_METADATA_SERVICE_ENDPOINT", metadataHost)
	}
	return nil, fob.Errorf(fob.ErrUsage, "cannot listen at %s: %w", address, err).WithHint("choose another port, or 0 for any")
}

func listenUnix(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&os.ModeSocket == 0 {
			return nil, fob.Errorf(fob.ErrUsage, "%s exists and is no socket", path).WithHint("choose another path")
		}
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			c.Close()
			return nil, fob.Errorf(fob.ErrUsage, "somebody listens at %s already", path).WithHint("choose another path")
		}
		_ = os.Remove(path)
	}
	l, err := net.Listen("unix", path)
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		return nil, fob.Errorf(fob.ErrUsage, "cannot listen at %s: %w", path, err).WithHint("choose a path in a directory of yours")
	}
	return l, nil
}

// Token is the secret that callers of a server must send: 256 random bits.
type Token struct {
	text fob.Secret
	sum  [sha256.Size]byte
}

// NewToken makes a token.
func NewToken() Token {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	text := base64.RawURLEncoding.EncodeToString(b)
	return Token{fob.NewSecret(text), sha256.Sum256([]byte(text))}
}

// Reveal returns the token as the whole value of a header.
func (t Token) Reveal() string { return t.text.Reveal() }

// Format implements [fmt.Formatter] for every verb and flag, so that a token is never printed.
func (t Token) Format(w fmt.State, verb rune) { t.text.Format(w, verb) }

// Is compares in constant time, whatever the lengths.
func (t Token) Is(text string) bool {
	sum := sha256.Sum256([]byte(text))
	return !t.text.IsZero() && subtle.ConstantTimeCompare(t.sum[:], sum[:]) == 1
}

// Local passes on requests that a program on this machine sent to this listener, and refuses those
// that a browser sent for a web page: any Host other than the listener's own (over TCP), a target
// in absolute form, any Origin or Referer, a Sec-Fetch-Site other than "none". refuse writes the
// refusal; it must not give the reason. Answers have headers that forbid browsers to cache them or
// to show them in a frame.
func Local(l net.Listener, next http.Handler, refuse http.HandlerFunc) http.Handler {
	hosts := hostsOf(l)
	noStore, noSniff, policy := []string{"no-store"}, []string{"nosniff"}, []string{"default-src 'none'; frame-ancestors 'none'"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header() // the values are shared slices, so that a request allocates nothing
		h["Cache-Control"], h["X-Content-Type-Options"], h["Content-Security-Policy"] = noStore, noSniff, policy
		_, origin := r.Header["Origin"]
		_, referer := r.Header["Referer"]
		site, fetched := r.Header["Sec-Fetch-Site"]
		if hosts != nil && !hosts[r.Host] || !strings.HasPrefix(r.RequestURI, "/") ||
			origin || referer || fetched && (len(site) != 1 || site[0] != "none") {
			refuse(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostsOf returns the values of Host that a listener accepts; nil for a unix socket, which browsers
// cannot reach.
func hostsOf(l net.Listener) map[string]bool {
	if l.Addr().Network() == "unix" {
		return nil
	}
	own := l.Addr().String()
	host, port, _ := net.SplitHostPort(own)
	hosts := map[string]bool{own: true}
	if host != metadataHost {
		hosts["localhost:"+port] = true
	}
	if port == "80" { // clients leave port 80 out
		hosts[strings.TrimSuffix(own, ":80")] = true
	}
	return hosts
}

// Server returns an http.Server with the limits that all of fob's servers have.
func Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		DisableGeneralOptionsHandler: true,                       // the general handler would answer before any check
		ErrorLog:                     log.New(io.Discard, "", 0), // errors that unknown callers provoke are not shown to the user
	}
}
