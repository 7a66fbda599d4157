package loopback

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Want describes the one request that [Once] waits for: a web page's answer, sent by the browser as
// a redirect (GET, with a query) or as a form (POST).
type Want struct {
	Method string // http.MethodGet or http.MethodPost
	Path   string // such as /oauth/callback, escaped as it is sent
	// State is the secret that the parameter "state" must have. It is empty for protocols without
	// one (SAML); there the parameters must prove by themselves where they come from.
	State string
	// Port is the port of localhost that is registered as the redirect target; then the URL has the
	// host localhost. Zero means any free port, and the URL has the host 127.0.0.1.
	Port int
}

// Limits of the answer. A SAML response may have 100,000 characters, and a form encodes some of
// them as three bytes.
const (
	onceBody = 512 << 10 // bytes
	onceTime = 10 * time.Second
)

// OneShot is a server that waits for one request. It is open until [OneShot.Close].
type OneShot struct {
	want   Want
	host   string // the Host that the request must have
	server *http.Server
	values chan url.Values
}

// Once listens on loopback for the one request that want describes.
//
// The request is sent by another site's page, so cross-site requests are allowed here. Refused are
// requests that a browser marks as anything but a navigation of the whole window (a script's fetch,
// a frame, an image), another Host (DNS rebinding), another state, and connections from other
// users' programs. A refused request changes nothing: the first request that passes all checks is
// the answer, and later ones are refused.
func Once(w Want) (*OneShot, error) {
	listeners, err := listenOnce(w.Port)
	if err != nil {
		return nil, err
	}
	host := listeners[0].Addr().String()
	if w.Port != 0 {
		host = net.JoinHostPort("localhost", strconv.Itoa(w.Port))
	}
	o := newOneShot(w, host)
	for _, l := range listeners {
		go o.server.Serve(Strict(Own(l, false))) // ends when Close is called
	}
	return o, nil
}

func newOneShot(w Want, host string) *OneShot {
	o := &OneShot{want: w, host: host, values: make(chan url.Values, 1)}
	o.server = Server(o)
	o.server.ReadTimeout, o.server.WriteTimeout = onceTime, 2*onceTime // the read timeout covers the request's head too
	return o
}

// listenOnce listens on 127.0.0.1, and for a registered port on ::1 as well where the machine has
// IPv6. Browsers may resolve localhost to ::1, where another program could otherwise receive the
// answer.
func listenOnce(port int) ([]net.Listener, error) {
	first, err := Listen(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil || port == 0 {
		return []net.Listener{first}, err
	}
	second, err := Listen(net.JoinHostPort("::1", strconv.Itoa(port)))
	if err == nil {
		return []net.Listener{first, second}, nil
	}
	if any, missing := Listen("[::1]:0"); missing == nil { // IPv6 works, so the port is taken
		any.Close()
		first.Close()
		return nil, err
	}
	return []net.Listener{first}, nil
}

// URL is the address to which the page must send its answer.
func (o *OneShot) URL() string { return "http://" + o.host + o.want.Path }

// Wait returns the parameters of the answer, or ctx's error. No parameter occurs twice. The answer
// is returned once.
func (o *OneShot) Wait(ctx context.Context) (url.Values, error) {
	select {
	case v := <-o.values:
		return v, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close stops listening. Answers in progress are finished first, for at most two seconds.
func (o *OneShot) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if o.server.Shutdown(ctx) != nil {
		_ = o.server.Close()
	}
}

// ServeHTTP answers with pages that repeat no part of the request.
func (o *OneShot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	if r.Host != o.host || path != o.want.Path || r.Method != o.want.Method || !navigates(r) {
		page(w, http.StatusNotFound, "Not found", "There is nothing here.")
		return
	}
	if r.Method == http.MethodPost {
		var status int
		if query, status = form(w, r); status != 0 {
			page(w, status, "Not understood", "This is not the answer that fob waits for. Go back to your terminal.")
			return
		}
	}
	values, err := url.ParseQuery(query)
	for _, all := range values {
		if len(all) > 1 {
			err = errors.New("a parameter is there twice")
		}
	}
	switch {
	case err != nil:
		page(w, http.StatusBadRequest, "Not understood", "This is not the answer that fob waits for. Go back to your terminal.")
		return
	case !o.knows(values.Get("state")):
		page(w, http.StatusForbidden, "Another sign-in", "This is not the sign-in that fob waits for. Go back to your terminal.")
		return
	}
	select {
	case o.values <- values:
	default:
		page(w, http.StatusGone, "This sign-in is over", "You can close this window.")
		return
	}
	if values.Get("error") != "" {
		page(w, http.StatusOK, "Denied", "Nobody was signed in. You can close this window.")
		return
	}
	page(w, http.StatusOK, "Signed in", "You can close this window and go back to your terminal.")
}

// navigates reports whether the request is a browser's navigation of the whole window, by its Fetch
// Metadata headers. Other programs, and some browsers released before 2023, do not send those; for
// them it requires that there is no Origin, which browsers do not send when they follow a link or a
// redirect.
func navigates(r *http.Request) bool {
	is := func(header, want string) bool {
		values, said := r.Header[header]
		return !said || len(values) == 1 && values[0] == want
	}
	if _, origin := r.Header["Origin"]; origin && r.Method == http.MethodGet {
		return false
	}
	return is("Sec-Fetch-Mode", "navigate") && is("Sec-Fetch-Dest", "document")
}

// form reads the body of a form. status is 0, or the HTTP status with which to refuse it.
func form(w http.ResponseWriter, r *http.Request) (body string, status int) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return "", http.StatusUnsupportedMediaType
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, onceBody))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return "", http.StatusRequestEntityTooLarge
	case err != nil:
		return "", http.StatusBadRequest
	}
	return string(text), 0
}

// knows compares the state in constant time, whatever the lengths.
func (o *OneShot) knows(state string) bool {
	got, want := sha256.Sum256([]byte(state)), sha256.Sum256([]byte(o.want.State))
	return o.want.State == "" || subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// page writes a page of fixed text.
func page(w http.ResponseWriter, status int, title, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `<!doctype html><meta charset="utf-8"><title>fob: `+title+`</title>`+
		`<style>body{font:1.1rem system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;color-scheme:light dark}</style>`+
		`<h1>`+title+`</h1><p>`+text+`</p>`)
}
