package fakeaws

import (
	"cmp"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"fob/internal/fakeaws/center"
	"fob/internal/fakeaws/clock"
	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/service"
	"fob/internal/fakeaws/wire"
	"fob/internal/fob"
)

// Options are what a [Server] needs from outside; the zero value will do.
type Options struct {
	// Now is the time; time.Now if nil. The server's clock is this plus what
	// [Server.Advance] added.
	Now func() time.Time
	// Wait waits for a slow answer; by a timer if nil.
	Wait func(ctx context.Context, d time.Duration)
	// Logf is told one line a request, without secrets.
	Logf func(format string, args ...any)
	// Partition of all accounts; "aws" if empty.
	Partition string
	// Region, if set, is the only one that requests to the fake's own address
	// may be signed for (IAM: always the partition's global one).
	Region string
	// KeyDelay is how long a key from CreateAccessKey stays unknown, as with
	// AWS's eventual consistency.
	KeyDelay time.Duration
}

// Server is the fake. It is an [http.Handler], for httptest or [Listen].
type Server struct {
	*service.Env
	services  []service.Service
	wait      func(ctx context.Context, d time.Duration)
	logf      func(format string, args ...any)
	closed    chan struct{}
	closeOnce sync.Once

	mu      sync.Mutex // guards all below
	faults  []*Fault
	entries []*Entry
}

// New returns a server with nobody in it.
func New(opts Options) *Server {
	c := clock.New(opts.Now)
	env := &service.Env{Clock: c, Store: identity.New(cmp.Or(opts.Partition, "aws"), c), Center: center.New(c), Region: opts.Region}
	s := &Server{Env: env, services: services(env), wait: opts.Wait, logf: opts.Logf, closed: make(chan struct{})}
	s.SetKeyDelay(opts.KeyDelay)
	if s.wait == nil {
		s.wait = waitTimer
	}
	if s.logf == nil {
		s.logf = func(string, ...any) {}
	}
	return s
}

func waitTimer(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// Close releases the requests that hang.
func (s *Server) Close() { s.closeOnce.Do(func() { close(s.closed) }) }

// Listen listens on loopback, and nowhere else: what the fake hands out looks
// like real credentials, and its control surface knows all seeds.
func Listen(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if !loopback(host) {
		return nil, fob.Errorf(fob.ErrUsage, "%s is not a loopback address", host).WithHint("--listen 127.0.0.1:0")
	}
	return net.Listen("tcp", addr)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

const maxBody = 1 << 20

// ServeHTTP implements [http.Handler]. Every answer has a Date of the server's
// clock, from which clients learn their own clock's error, and a request id.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
	if strings.HasPrefix(r.URL.Path, controlPrefix) {
		s.serveControl(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "request too large, or cut short", http.StatusRequestEntityTooLarge)
		return
	}
	req := wire.NewRequest(r, body)
	for _, svc := range s.services {
		if action, mine := svc.Match(req); mine {
			s.perform(w, req, svc, action)
			return
		}
	}
	http.NotFound(w, r)
}

// perform serves a request, or lets it suffer the fault that waits for it.
func (s *Server) perform(w http.ResponseWriter, r *wire.Request, svc service.Service, action string) {
	entry, fault := s.begin(r, svc, action)
	answer := func() wire.Reply { return s.answer(r, svc, action, entry) }
	rep, sent := fault.apply(s, r, svc, entry, answer)
	s.logf("%s %s key=%s status=%d code=%s fault=%s", entry.Service, action, entry.AccessKeyID, entry.Status, entry.Code, entry.Fault)
	if !sent {
		hangUp(w)
	}
	maps.Copy(w.Header(), r.Header)
	w.Header().Set("Content-Type", rep.ContentType)
	w.Header().Set("X-Amzn-Requestid", r.ID)
	w.WriteHeader(rep.Status)
	_, _ = w.Write(rep.Body)
}

func (s *Server) answer(r *wire.Request, svc service.Service, action string, entry *Entry) wire.Reply {
	rep, err := svc.Serve(r, action)
	code := ""
	if err != nil {
		e := wire.AsRefusal(err)
		rep = svc.Refuse(r, e)
		code = e.Code // in the service's own words
	}
	s.note(entry, rep.Status, code)
	return rep
}

// hangUp closes the connection without an answer, with a reset where it can.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}
