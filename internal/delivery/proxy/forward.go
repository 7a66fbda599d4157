package proxy

import (
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"fob/internal/fob"
	"fob/internal/sigv4"
	"fob/internal/sigv4/remote"
)

// inMemory is how many bytes of a body are kept in memory until it is signed; larger ones go to an
// unnamed file.
const inMemory = 1 << 20

// errClient means that the client's request ended early.
var errClient = errors.New("the request broke off")

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// rewrite removes headers that are only for this proxy or that upstream must not see: the token,
// headers that a signature sets, and the proxy's own origin. ReverseProxy has removed hop-by-hop
// headers already.
func (p *proxy) rewrite(r *httputil.ProxyRequest) {
	to := routeOf(r.In)
	h := r.Out.Header
	for name := range h {
		if bySignature(name) || strings.HasPrefix(name, "Proxy-") || name == "Authorization" || name == "X-Fob-Token" || name == "Expect" || name == "Te" || name == "Http2-Settings" {
			delete(h, name)
		}
	}
	if p.page != nil {
		p.page.hide(h)
	}
	for _, name := range []string{"Origin", "Referer"} {
		if rest, ok := strings.CutPrefix(h.Get(name), to.own); ok {
			h.Set(name, to.to.base()+strings.TrimPrefix(rest, to.to.prefix))
		}
	}
	r.Out.Host = ""
	r.Out.URL = &url.URL{Scheme: to.to.scheme, Host: to.to.host, Path: "/"} // a placeholder; roundTrip builds the URL that is sent
}

// roundTrip signs a request and sends it.
func (p *proxy) roundTrip(r *http.Request) (*http.Response, error) {
	to := routeOf(r)
	m := &remote.Message{Method: r.Method, URL: sigv4.Escape(to.to.base() + to.path), Header: r.Header}
	if r.Header.Get("Upgrade") != "" {
		return p.upgrade(r, to, m)
	}
	if r.Body != nil && r.Body != http.NoBody {
		body, err := remote.Spool(r.Body, inMemory, remote.SpoolFolders(p.task.RunDir)...)
		if errors.Is(err, fob.ErrInternal) {
			return nil, err
		} else if err != nil {
			return nil, errors.Join(errClient, r.Context().Err())
		}
		m.Body = body
	}
	resp, err := to.to.signer.Send(r.Context(), p.transport, m)
	if err != nil {
		_ = m.Body.Close()
		return nil, err
	}
	if m.Body != nil {
		resp.Body = closer{resp.Body, m.Body}
	}
	return resp, nil
}

// closer closes the request's body together with the answer's.
type closer struct {
	io.ReadCloser
	sent *remote.Body
}

func (c closer) Close() error { return errors.Join(c.ReadCloser.Close(), c.sent.Close()) }

// answer rewrites an answer: redirects and cookies are made to point to this proxy, and CORS
// headers are removed, because upstream's permissions to other pages are not meant for this origin.
func (p *proxy) answer(resp *http.Response) error {
	to := routeOf(resp.Request)
	h := resp.Header
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") || name == "Alt-Svc" || name == "Strict-Transport-Security" || name == "X-Fob-Proxy" {
			delete(h, name)
		}
	}
	for _, name := range []string{"Location", "Content-Location"} {
		if place := h.Get(name); place != "" {
			h.Set(name, p.here(to.to, place))
		}
	}
	cookies := h["Set-Cookie"]
	for i, c := range cookies {
		cookies[i] = ownCookie(c, to.to.prefix)
	}
	return nil
}

// here returns the address under this proxy for a URL of upstream, or of another host that the
// proxy serves. Other URLs are returned unchanged; the proxy does not follow them.
func (p *proxy) here(from *upstream, place string) string {
	if strings.HasPrefix(place, "/") && !strings.HasPrefix(place, "//") {
		return from.prefix + place
	}
	whole := place
	if strings.HasPrefix(place, "//") {
		whole = from.scheme + ":" + place
	}
	host, err := sigv4.Host(whole)
	if err != nil {
		return place // relative, or not HTTP
	}
	scheme, rest, _ := strings.Cut(whole, "://")
	for _, u := range p.upstreams {
		if strings.EqualFold(scheme, u.scheme) && strings.EqualFold(host, u.host) {
			i := strings.IndexAny(rest, "/?#")
			if i < 0 {
				return u.prefix + "/"
			}
			if rest[i] != '/' {
				return u.prefix + "/" + rest[i:]
			}
			if strings.HasPrefix(rest[i:], "//") && u.prefix == "" {
				return "/." + rest[i:] // "//x" alone would name a host
			}
			return u.prefix + rest[i:]
		}
	}
	return place
}

// ownCookie makes a cookie one of this server: without Domain, and limited to the upstream's paths.
func ownCookie(cookie, prefix string) string {
	parts := strings.Split(cookie, ";")
	kept := parts[:1]
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.ToLower(name) {
		case "domain":
			continue
		case "path":
			if prefix != "" && strings.HasPrefix(value, "/") {
				part = " Path=" + prefix + value
			}
		}
		kept = append(kept, part)
	}
	return strings.Join(kept, ";")
}
