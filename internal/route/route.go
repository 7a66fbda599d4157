// Package route is how AWS is reached: by which certificate authorities and proxies, and
// what to say where that goes wrong. What this process' own environment says about either
// is not asked for: a [fob.Network] says it all.
package route

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpproxy"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// Limits of one connection and of an answer.
const (
	dialLimit   = 5 * time.Second
	headerLimit = 10 * time.Second
	bodyLimit   = 4 << 20 // bytes
	caLimit     = 8 << 20 // bytes
)

// many bounds how many routes are kept open, of which the one that was used longest ago
// is closed first.
const many = 16

// Pool keeps connections, apart for each network. The zero value is ready for use.
type Pool struct {
	mu     sync.Mutex
	routes []*route // the last used one first
	files  atomicfile.Reader
}

// route is the transport for one network. The file of authorities counts by its content.
type route struct {
	network   fob.Network
	content   [sha256.Size]byte
	transport *http.Transport
}

// Client returns a client for a network whose requests end after a time. It follows no
// redirect: an answer from somewhere else is not AWS's. Where the network cannot be used
// its requests fail and say why.
func (p *Pool) Client(n fob.Network, limit time.Duration) *http.Client {
	return &http.Client{Transport: transport{p, n, limit},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// transport finds the route of each request: to make a client takes no look at a disk.
type transport struct {
	pool    *Pool
	network fob.Network
	limit   time.Duration // [http.Client.Timeout] would put other words in place of ours
}

// RoundTrip implements [http.RoundTripper]. It refuses to read an answer without end.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	r, err := t.pool.route(t.network)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(req.Context(), t.limit)
	resp, err := r.transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, Explain(err, req.URL.Hostname(), t.network, proxyOf(t.network, req.URL))
	}
	resp.Request = req
	resp.Body = &body{http.MaxBytesReader(nil, resp.Body, bodyLimit), cancel}
	return resp, nil
}

// body ends the time of its request when it is closed.
type body struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// Via says by which authorities and proxy a request goes, for the log; nothing if by the
// system's and none.
func (t transport) Via(req *http.Request) string {
	var parts []string
	if t.network.CABundle != "" {
		parts = append(parts, "ca_bundle "+t.network.CABundle)
	}
	if proxy := proxyOf(t.network, req.URL); proxy != "" {
		parts = append(parts, "proxy "+proxy)
	}
	return strings.Join(parts, ", ")
}

func (p *Pool) route(n fob.Network) (*route, error) {
	var pem []byte
	if n.CABundle != "" {
		var err error
		if pem, _, err = p.files.Read(n.CABundle, caLimit); err != nil {
			return nil, fob.Errorf(fob.ErrUsage, "cannot read the certificate authorities in %s: %w", n.CABundle, err).
				WithHint("check ca_bundle of the profile and AWS_CA_BUNDLE")
		}
	}
	content := sha256.Sum256(pem)
	p.mu.Lock()
	defer p.mu.Unlock()
	at := slices.IndexFunc(p.routes, func(r *route) bool { return r.network == n && r.content == content })
	if at >= 0 {
		r := p.routes[at]
		p.routes = slices.Insert(slices.Delete(p.routes, at, at+1), 0, r)
		return r, nil
	}
	r, err := open(n, pem)
	if err != nil {
		return nil, err
	}
	r.content = content
	if len(p.routes) == many {
		p.routes[many-1].transport.CloseIdleConnections()
		p.routes = p.routes[:many-1]
	}
	p.routes = slices.Insert(p.routes, 0, r)
	return r, nil
}

func open(n fob.Network, pem []byte) (*route, error) {
	for _, one := range []struct{ name, address string }{{"HTTPS_PROXY", n.HTTPSProxy}, {"HTTP_PROXY", n.HTTPProxy}} {
		if one.address != "" && hostOf(one.address) == "" {
			return nil, fob.Errorf(fob.ErrUsage, "the address of the proxy, of %s or the setting proxy, is none", one.name).
				WithHint("http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT")
		}
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if n.CABundle != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fob.Errorf(fob.ErrUsage, "%s holds no certificate in PEM", n.CABundle).WithHint("check ca_bundle of the profile and AWS_CA_BUNDLE")
		}
	}
	proxy := proxies(n)
	r := &route{network: n}
	r.transport = &http.Transport{
		Proxy:                  func(req *http.Request) (*url.URL, error) { return proxy(req.URL) },
		DialContext:            (&net.Dialer{Timeout: dialLimit}).DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    dialLimit,
		ResponseHeaderTimeout:  headerLimit,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    16,
		ForceAttemptHTTP2:      true,
		OnProxyConnectResponse: connected,
	}
	return r, nil
}

// proxies chooses the proxy of a URL as curl and Go's programs do: none for this machine
// itself.
func proxies(n fob.Network) func(*url.URL) (*url.URL, error) {
	return (&httpproxy.Config{HTTPSProxy: n.HTTPSProxy, HTTPProxy: n.HTTPProxy, NoProxy: n.NoProxy}).ProxyFunc()
}

// proxyOf is the address of the proxy for a URL, without user name and password; empty
// for none.
func proxyOf(n fob.Network, target *url.URL) string {
	u, err := proxies(n)(target)
	if err != nil || u == nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// hostOf is the host in a proxy's address, which may lack its scheme.
func hostOf(address string) string {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return ""
	}
	return u.Hostname()
}
