package proxy

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"

	"fob/internal/loopback"
)

// handler refuses requests of other sites' pages, requests without the token, and requests that are
// signed already, before anything else.
func (p *proxy) handler(l net.Listener) http.Handler {
	var names []string
	var serve http.Handler = http.HandlerFunc(p.authorized)
	if p.page != nil {
		names = append(names, p.page.name)
		serve = p.page.open(serve)
	}
	strangers := func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusForbidden, "refused") }
	return loopback.SameOrigin(l, names, serve, strangers)
}

// authorized passes on requests with the token, or with the cookie of --browser.
func (p *proxy) authorized(w http.ResponseWriter, r *http.Request) {
	if p.token != nil && !p.knowsToken(r) && (p.page == nil || !p.page.knows(r)) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="fob proxy"`)
		say(w, http.StatusUnauthorized, "the token is missing or wrong; fob proxy said in which file it is")
		return
	}
	p.route(w, r)
}

// knowsToken looks for the token in all places where clients can put it: a header of its own, a
// bearer token, the password of Basic authentication.
func (p *proxy) knowsToken(r *http.Request) bool {
	own, given := r.Header.Values("X-Fob-Token"), r.Header.Values("Authorization")
	switch {
	case len(own) == 1:
		return p.token.Is(own[0])
	case len(own) > 1 || len(given) != 1:
		return false
	}
	if scheme, text, _ := strings.Cut(given[0], " "); strings.EqualFold(scheme, "Bearer") {
		return p.token.Is(strings.TrimSpace(text))
	}
	_, password, ok := r.BasicAuth()
	return ok && p.token.Is(password)
}

// route is the upstream of a request, and the path there.
type route struct {
	to   *upstream
	path string // as it is sent, with the query
	own  string // the proxy's own origin, as the client wrote it
}

type routeKey struct{}

func routeOf(r *http.Request) route {
	found, _ := r.Context().Value(routeKey{}).(route)
	return found
}

func (p *proxy) route(w http.ResponseWriter, r *http.Request) {
	target := r.RequestURI
	if _, rest, absolute := strings.Cut(target, "://"); absolute && !strings.HasPrefix(target, "/") {
		target = "/"
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			target = rest[i:]
		}
	}
	u, path := p.find(target)
	switch {
	case r.Method == http.MethodTrace || r.Method == http.MethodConnect:
		say(w, http.StatusMethodNotAllowed, r.Method+" is not forwarded")
		return
	case u == nil:
		say(w, http.StatusNotFound, "no such host here: a path begins with one of "+p.prefixes())
		return
	case signedAlready(r.URL.Query()):
		say(w, http.StatusBadRequest, "the URL is presigned already; ask for it without X-Amz-Signature and the like")
		return
	case chunkSigned(r.Header):
		say(w, http.StatusNotImplemented, "the client signs its body in chunks, which another signature cannot cover; turn signing off in it (AWS CLI: --no-sign-request)")
		return
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	ctx := context.WithValue(r.Context(), routeKey{}, route{u, path, "http://" + r.Host})
	p.forward.ServeHTTP(switcher{w}, r.WithContext(ctx))
}

func (p *proxy) prefixes() string {
	all := make([]string, len(p.upstreams))
	for i, u := range p.upstreams {
		all[i] = u.prefix + "/"
	}
	return strings.Join(all, ", ")
}

func signedAlready(query url.Values) bool {
	for name := range query {
		if bySignature(http.CanonicalHeaderKey(name)) {
			return true
		}
	}
	return false
}

// chunkSigned recognises bodies with signatures inside (S3's aws-chunked). If they were forwarded
// as they are, S3 would store the signatures as content.
func chunkSigned(h http.Header) bool {
	return strings.HasPrefix(h.Get("X-Amz-Content-Sha256"), "STREAMING-") || h.Get("X-Amz-Decoded-Content-Length") != "" ||
		strings.Contains(strings.ToLower(strings.Join(h.Values("Content-Encoding"), ",")), "aws-chunked")
}

// bySignature reports whether a header or parameter is one that a signature sets. Other X-Amz-
// headers, such as X-Amz-Target, belong to the request and are signed.
func bySignature(name string) bool {
	switch name {
	case "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature", "X-Amz-Signedheaders",
		"X-Amz-Security-Token", "X-Amz-Content-Sha256", "X-Amz-Region-Set", "X-Amz-S3session-Token":
		return true
	}
	return false
}

// switcher tells the strict connection that it is no longer HTTP.
type switcher struct{ http.ResponseWriter }

// Unwrap is for [http.ResponseController].
func (s switcher) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Hijack implements [http.Hijacker].
func (s switcher) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(s.ResponseWriter).Hijack()
	if strict, ok := conn.(*loopback.StrictConn); ok {
		strict.Switch()
	}
	return conn, rw, err
}
