// Package proxy is a reverse proxy on loopback that signs the requests it forwards, only to the
// hosts that the user named.
package proxy

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/loopback"
	"fob/internal/sigv4/remote"
)

// Way returns the delivery "proxy". All of it runs in the caller's process; the agent only signs,
// by the delivery "sign". Options have the names of fob proxy's flags.
func Way() delivery.Way {
	return delivery.Way{Name: "proxy", Doc: "a reverse proxy on loopback that signs", Run: run}
}

func run(ctx context.Context, t fob.Task) error {
	p, err := newProxy(ctx, t)
	if err != nil {
		return err
	}
	address := t.Option("listen")
	if address == "" {
		address = "127.0.0.1:0"
	}
	private := filepath.IsAbs(address) // a unix socket
	if t.Has("no-token") && !private {
		return fob.Errorf(fob.ErrUsage, "without a token any user of this machine, and any web page, could have requests signed").
			WithHint("--listen /ABSOLUTE/PATH makes a socket that only you can reach, which needs no token")
	}
	if t.Has("browser") && (private || len(p.upstreams) > 1) {
		return fob.Errorf(fob.ErrUsage, "--browser takes one --to and a port of 127.0.0.1").
			WithHint("pages of several servers under one name could read each other")
	}
	listener, err := loopback.Listen(address)
	if err != nil {
		return err
	}
	defer listener.Close()
	if !private || t.Has("token-file") {
		token := loopback.NewToken()
		p.token = &token
	}
	return p.serve(ctx, listener)
}

// proxy is one run of fob proxy.
type proxy struct {
	task      fob.Task
	upstreams []*upstream
	transport *http.Transport
	forward   *httputil.ReverseProxy
	token     *loopback.Token // nil on a socket that needs no token
	page      *page           // nil without --browser
}

// newProxy also signs once for each host, so that an MFA code is asked for now, and a host that
// cannot be signed for is reported now.
func newProxy(ctx context.Context, t fob.Task) (*proxy, error) {
	p := &proxy{task: t}
	var err error
	if p.transport, err = remote.Transport(remote.Wire{CAFile: t.Option("cacert")}); err != nil {
		return nil, err
	}
	if p.upstreams, err = parseUpstreams(t); err != nil {
		return nil, err
	}
	for _, u := range p.upstreams {
		sig, err := u.signer.Sign(ctx, remote.Facts{Method: http.MethodGet, URL: u.base() + "/"})
		if err != nil {
			return nil, err
		}
		u.service = sig.Service
	}
	p.forward = &httputil.ReverseProxy{
		Rewrite: p.rewrite, Transport: roundTripper(p.roundTrip), ModifyResponse: p.answer, ErrorHandler: failed,
		FlushInterval: -1, // flush at once, so that event streams are not delayed
		ErrorLog:      log.New(io.Discard, "", 0),
		BufferPool:    &buffers{},
	}
	return p, nil
}

// serve serves until ctx ends.
func (p *proxy) serve(ctx context.Context, l net.Listener) error {
	d := fob.Delivery{Set: map[string]string{}}
	own := l.Addr().String()
	if l.Addr().Network() == "unix" {
		d.Stdout = "unix:" + own + "\n"
	} else {
		d.Stdout = "http://" + own + "\n"
	}
	if p.token != nil {
		path := p.task.Option("token-file")
		if path == "" {
			dir := loopback.TokenDir(filepath.Join(p.task.RunDir, "proxy"))
			removeDir, err := loopback.MakeDir(dir)
			if err != nil {
				return err
			}
			defer removeDir()
			path = filepath.Join(dir, "token")
		}
		path, remove, err := p.token.WriteFile(path)
		if err != nil {
			return err
		}
		defer remove()
		p.task.Tell("the token is in " + path + "; send it as Authorization: Bearer, as X-Fob-Token, or as the password of Basic")
	}
	if p.task.Has("browser") {
		_, port, _ := net.SplitHostPort(own)
		p.page = newPage(port)
		d.URL = p.page.link(time.Now())
	}
	return loopback.Serve(ctx, loopback.Strict(loopback.Own(l, false)), p.handler(l), func() error { return p.task.Ready(d) })
}

// buffers is the pool of buffers for copying answers.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if one, ok := b.pool.Get().(*[]byte); ok {
		return *one
	}
	return make([]byte, 32<<10)
}

func (b *buffers) Put(one []byte) { b.pool.Put(&one) }

// failed tells the client why upstream did not answer. Details are allowed here: the client sent
// the token.
func failed(w http.ResponseWriter, _ *http.Request, err error) {
	if errors.Is(err, context.Canceled) && !errors.Is(err, errClient) {
		panic(http.ErrAbortHandler) // the client is gone
	}
	status := http.StatusBadGateway
	switch {
	case errors.Is(err, errClient), errors.Is(err, fob.ErrUsage):
		status = http.StatusBadRequest
	case errors.Is(err, fob.ErrLocked), errors.Is(err, fob.ErrNobody), errors.Is(err, fob.ErrSignIn):
		status = http.StatusServiceUnavailable
	}
	text := err.Error()
	if hint := fob.HintOf(err); hint != "" {
		text += "\nhint: " + hint
	}
	say(w, status, text)
}

// say sends an answer of the proxy's own.
func say(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Fob-Proxy", strconv.Itoa(status)) // marks the proxy's own answers
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "fob: "+strings.TrimSpace(text)+"\n")
}
