package proxy

import (
	"net"
	"strings"
	"time"

	"fob/internal/fob"
	"fob/internal/sigv4"
	"fob/internal/sigv4/remote"
)

// upstream is a server that requests are forwarded to.
type upstream struct {
	scheme, host string // host as in the Host header
	prefix       string // of paths at the proxy: empty for a single upstream, else "/HOST"
	service      string // signing name of the service
	signer       *remote.Signer
}

func (u *upstream) base() string { return u.scheme + "://" + u.host }

// parseUpstreams reads --to: HOST, HOST:PORT, or a URL without a path.
func parseUpstreams(t fob.Task) ([]*upstream, error) {
	var all []*upstream
	for _, text := range t.Options["to"] {
		u, err := parseUpstream(text)
		if err != nil {
			return nil, err
		}
		for _, other := range all {
			if other.host == u.host {
				return nil, fob.Errorf(fob.ErrUsage, "--to %s is there twice", u.host).WithHint("name each host once")
			}
		}
		if u.scheme == "http" && !local(u.host) {
			t.Tell("warning: http:// shows requests, their signatures and the session token to the network")
		}
		u.signer = &remote.Signer{
			Deliver: t.Deliver, Request: t.Requests[0], Service: t.Option("service"), Region: t.Option("region"),
			Asymmetric: t.Has("sigv4a"), Now: time.Now,
		}
		all = append(all, u)
	}
	if len(all) == 0 {
		return nil, fob.Errorf(fob.ErrUsage, "fob proxy needs to know which hosts to sign for").WithHint("fob proxy NAME --to HOST")
	}
	if len(all) > 1 {
		for _, u := range all {
			u.prefix = "/" + u.host
		}
	}
	return all, nil
}

func parseUpstream(text string) (*upstream, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		scheme, rest = "https", text
	}
	scheme, rest = strings.ToLower(scheme), strings.ToLower(strings.TrimSuffix(rest, "/"))
	host, err := sigv4.Host(scheme + "://" + rest)
	if err != nil || scheme != "https" && scheme != "http" || strings.ContainsAny(rest, "/?#*") {
		return nil, fob.Errorf(fob.ErrUsage, "--to %q is not a host", text).WithHint("--to HOST, or --to http://localhost:9200")
	}
	return &upstream{scheme: scheme, host: host}, nil
}

func local(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// find returns the upstream for a path, and the path on it.
func (p *proxy) find(path string) (*upstream, string) {
	for _, u := range p.upstreams {
		if rest, ok := strings.CutPrefix(path, u.prefix); ok && (rest == "" || rest[0] == '/' || rest[0] == '?') {
			return u, rest
		}
	}
	return nil, ""
}
