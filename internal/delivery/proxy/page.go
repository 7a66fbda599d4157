package proxy

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"fob/internal/loopback"
)

// page admits one browser: a link, valid once and for a minute, sets a cookie. Cookies are not
// separated by port: one for 127.0.0.1 would be sent to every other server there. So the cookie is
// for a random host name below localhost, which browsers resolve to loopback by themselves.
type page struct {
	name    string // RANDOM.localhost
	port    string
	session loopback.Token // the cookie's value

	mu    sync.Mutex
	once  loopback.Token // the link's secret; valid only while until is set
	until time.Time
}

const (
	linkLife   = time.Minute
	cookieName = "fob-proxy"
	openPath   = "/.fob/open"
	enterPath  = "/.fob/enter"
)

func newPage(port string) *page {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return &page{name: hex.EncodeToString(b) + ".localhost", port: port, session: loopback.NewToken()}
}

// link makes a link. Its secret is in the fragment (#), which browsers send to no server.
func (p *page) link(now time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.once, p.until = loopback.NewToken(), now.Add(linkLife)
	return "http://" + p.name + ":" + p.port + openPath + "#" + p.once.Reveal()
}

// redeem checks the link's secret. The link is used up either way, so there is only one guess.
func (p *page) redeem(text string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	ok := now.Before(p.until) && p.once.Is(text)
	p.until = time.Time{}
	return ok
}

// open serves the two addresses by which a browser is admitted.
func (p *page) open(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch own := r.Host == p.name+":"+p.port; {
		case own && r.URL.Path == openPath && r.Method == http.MethodGet:
			p.serveOpen(w)
		case own && r.URL.Path == enterPath && r.Method == http.MethodPost && r.Header.Get("Origin") != "":
			if !p.redeem(r.Header.Get("X-Fob-Link"), time.Now()) {
				say(w, http.StatusForbidden, "this link was used, or is more than a minute old; start fob proxy --browser again")
				return
			}
			http.SetCookie(w, &http.Cookie{Name: cookieName, Value: p.session.Reveal(), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusNoContent)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (p *page) serveOpen(w http.ResponseWriter) {
	nonce := loopback.NewToken().Reveal()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'; script-src 'nonce-"+nonce+"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	_, _ = io.WriteString(w, strings.Replace(openPage, "NONCE", nonce, 1))
}

const openPage = `<!doctype html><title>fob proxy</title><p id="text">One moment…</p>
<script nonce="NONCE">
const once = location.hash.slice(1);
history.replaceState(null, "", "/.fob/open");
fetch("/.fob/enter", {method: "POST", headers: {"X-Fob-Link": once}}).then(async r => {
  if (r.ok) location.replace("/");
  else document.getElementById("text").textContent = await r.text();
});
</script>
`

// knows reports whether a request has the cookie and the host name that it is for.
func (p *page) knows(r *http.Request) bool {
	cookies := r.CookiesNamed(cookieName)
	return r.Host == p.name+":"+p.port && len(cookies) == 1 && p.session.Is(cookies[0].Value)
}

// hide removes the cookie from the headers that are forwarded.
func (p *page) hide(h http.Header) {
	var kept []string
	for _, line := range h["Cookie"] {
		for part := range strings.SplitSeq(line, ";") {
			if part = strings.TrimSpace(part); part != "" && !strings.HasPrefix(part, cookieName+"=") {
				kept = append(kept, part)
			}
		}
	}
	h.Del("Cookie")
	if len(kept) > 0 {
		h.Set("Cookie", strings.Join(kept, "; "))
	}
}
