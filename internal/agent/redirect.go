package agent

import (
	"context"
	"crypto/subtle"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"fob/internal/fob"
	"fob/internal/principal"
)

// redirect receives the one redirect that ends a sign-in in the browser: on
// 127.0.0.1 alone, at a random port, for one path and one state, once.
type redirect struct {
	url    string
	server *http.Server
	query  chan url.Values
}

func listenRedirect(path, state string) (principal.Redirect, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fob.Errorf(fob.ErrInternal, "cannot listen for the browser's answer: %w", err).WithHint("use --device-code")
	}
	host := l.Addr().String()
	r := &redirect{url: "http://" + host + path, query: make(chan url.Values, 1)}
	r.server = &http.Server{Handler: r.handler(host, path, state), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 32 << 10}
	go r.server.Serve(l) // ends with Close
	return r, nil
}

// handler takes the first request that knows the state. A page of somebody else's
// that was rebound to our address has another Host, and one that guesses the port
// has no state: it is answered, and the sign-in goes on.
func (r *redirect) handler(host, path, state string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if req.Host != host || req.URL.Path != path || req.Method != http.MethodGet {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		query := req.URL.Query()
		if subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(state)) != 1 {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, page("Another sign-in", "This is not the sign-in that fob waits for. Go back to your terminal."))
			return
		}
		select {
		case r.query <- query:
		default:
			w.WriteHeader(http.StatusGone) // only the first counts
			_, _ = io.WriteString(w, page("This sign-in is over", "You can close this window."))
			return
		}
		if query.Get("error") != "" {
			_, _ = io.WriteString(w, page("Denied", "Nobody was signed in. You can close this window."))
			return
		}
		_, _ = io.WriteString(w, page("Signed in", "You can close this window and go back to your terminal."))
	})
}

// page never repeats anything that came with the request.
func page(title, text string) string {
	return `<!doctype html><meta charset="utf-8"><title>fob: ` + title + `</title>` +
		`<style>body{font:1.1rem system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;color-scheme:light dark}</style>` +
		`<h1>` + title + `</h1><p>` + text + `</p>`
}

func (r *redirect) URL() string { return r.url }

func (r *redirect) Wait(ctx context.Context) (url.Values, error) {
	select {
	case q := <-r.query:
		return q, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close lets the answer to the browser finish first.
func (r *redirect) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if r.server.Shutdown(ctx) != nil {
		_ = r.server.Close()
	}
}
