// Package loopback is what every server of fob's on this machine has in common:
// it listens on the literal loopback address or on a private unix socket, knows
// its own name, and answers nobody who does not know the token. A browser can be
// talked into sending requests to loopback, under a name of somebody else's
// (DNS rebinding) or from somebody else's page; so can a program on another
// machine, if a listener is not bound to loopback alone.
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

// Listen opens an address: 127.0.0.1:PORT or [::1]:PORT (port 0 is any that is
// free), or the absolute path of a unix socket, which only this user can reach
// (0600; a leftover socket that nobody answers is replaced).
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

// metadataHost is where AWS's SDKs look for the instance metadata service.
const metadataHost = "169.254.169.254"

// ListenMetadata is as [Listen], and opens 169.254.169.254:PORT too, on a machine
// whose loopback device has that address; from other devices it cannot be reached.
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

// Token is what a caller must know, 256 random bits.
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

// Reveal is the token as it is sent: the whole value of a header.
func (t Token) Reveal() string { return t.text.Reveal() }

// Format implements [fmt.Formatter] for every verb and flag: a token does not print.
func (t Token) Format(w fmt.State, verb rune) { t.text.Format(w, verb) }

// Is compares in constant time, whatever the lengths.
func (t Token) Is(text string) bool {
	sum := sha256.Sum256([]byte(text))
	return !t.text.IsZero() && subtle.ConstantTimeCompare(t.sum[:], sum[:]) == 1
}

// Local passes on what a program on this machine sent to this listener, and
// refuses what a browser sent for a page: another Host than the listener's own
// (over TCP), a target in absolute form, any Origin or Referer, a Sec-Fetch-Site
// other than none. refuse writes the refusal, which must not say why. What is
// answered is neither kept by a browser nor shown in a frame.
func Local(l net.Listener, next http.Handler, refuse http.HandlerFunc) http.Handler {
	hosts := hostsOf(l)
	noStore, noSniff, policy := []string{"no-store"}, []string{"nosniff"}, []string{"default-src 'none'; frame-ancestors 'none'"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header() // shared values: nothing is allocated for a request
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

// hostsOf are the names under which a listener may be called; nil for a socket,
// which no browser can reach.
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
	if port == "80" { // which clients leave out
		hosts[strings.TrimSuffix(own, ":80")] = true
	}
	return hosts
}

// Server returns a server with the limits that every one of fob's has.
func Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		DisableGeneralOptionsHandler: true,                       // which would answer before any guard
		ErrorLog:                     log.New(io.Discard, "", 0), // what a stranger sends is not for the person's eyes
	}
}
