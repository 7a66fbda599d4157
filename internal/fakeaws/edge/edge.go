// Package edge is what stands between a client and AWS: TLS, with HTTP/2, for AWS's
// own host names, and a proxy that takes CONNECT. Clients that trust its certificate
// authority and use its proxy reach the fake under the names of AWS, which say what
// service and region they want.
package edge

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"fob/internal/fakeaws/region"
)

// Edge serves on loopback until it is closed.
type Edge struct {
	CA    []byte // the certificate authority, in PEM
	URL   string // of TLS: https://127.0.0.1:PORT
	Proxy string // http://127.0.0.1:PORT

	servers []*http.Server
	mu      sync.Mutex
	tunnels []string
	open    map[net.Conn]bool
}

// New puts an edge in front of a handler.
func New(handler http.Handler) (*Edge, error) {
	signer, err := newAuthority(time.Now())
	if err != nil {
		return nil, err
	}
	e := &Edge{CA: signer.pem(), open: map[net.Conn]bool{}}
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, secure.Close())
	}
	e.URL, e.Proxy = "https://"+secure.Addr().String(), "http://"+plain.Addr().String()
	silent := log.New(io.Discard, "", 0) // clients that trust nobody, and that leave, are what tests are about
	tls := &http.Server{Handler: handler, TLSConfig: signer.config(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: silent}
	proxy := &http.Server{Handler: connector{e, secure.Addr().String()}, ReadHeaderTimeout: 10 * time.Second, ErrorLog: silent}
	e.servers = []*http.Server{tls, proxy}
	go func() { _ = tls.ServeTLS(secure, "", "") }()
	go func() { _ = proxy.Serve(plain) }()
	return e, nil
}

// Close ends the servers and all tunnels.
func (e *Edge) Close() {
	for _, s := range e.servers {
		_ = s.Close()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.open {
		_ = c.Close()
	}
	e.open = nil
}

// Tunnels are the hosts and ports that the proxy was asked for, in order.
func (e *Edge) Tunnels() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.tunnels)
}

// hold remembers a connection, to close it with the edge, or closes it at once
// where the edge is closed already.
func (e *Edge) hold(c net.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open == nil {
		_ = c.Close()
		return
	}
	e.open[c] = true
}

func (e *Edge) release(c net.Conn) {
	_ = c.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.open, c)
}

// connector is the proxy: every host of AWS leads to the fake, and no other host
// anywhere.
type connector struct {
	*Edge
	to string
}

// ServeHTTP implements [http.Handler].
func (p connector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "this proxy takes CONNECT only", http.StatusMethodNotAllowed)
		return
	}
	p.mu.Lock()
	p.tunnels = append(p.tunnels, r.Host)
	p.mu.Unlock()
	if !ofAWS(r.Host) {
		http.Error(w, r.Host+" is no host of AWS", http.StatusForbidden)
		return
	}
	server, err := new(net.Dialer).DialContext(context.WithoutCancel(r.Context()), "tcp", p.to)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = server.Close()
		return
	}
	p.hold(client)
	p.hold(server)
	defer p.release(client)
	defer p.release(server)
	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection Established\r\n\r\n"); err != nil {
		return
	}
	ended := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(server, buffered); ended <- struct{}{} }()
	go func() { _, _ = io.Copy(client, server); ended <- struct{}{} }()
	<-ended // either side's end is the tunnel's
}

// ofAWS reports whether a host and port are HTTPS of AWS.
func ofAWS(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port != "443" {
		return false
	}
	_, _, known := region.Endpoint(host)
	return known || slices.ContainsFunc([]string{".aws.amazon.com", ".awsapps.com", ".app.aws"}, func(domain string) bool { return strings.HasSuffix(host, domain) })
}
