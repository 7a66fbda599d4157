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

	"fob/internal/fakeaws/clock"
	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/random"
	"fob/internal/fakeaws/verify"
	"fob/internal/fakeaws/wire"
	"fob/internal/fob"
)

// Marker is in every secret that the fake makes up.
const Marker = random.Marker

// What scenes are made of.
type (
	UserSpec = identity.UserSpec
	User     = identity.User
	RoleSpec = identity.RoleSpec
)

// What tests that verify signatures in their own handlers need.
type (
	Refusal   = wire.Refusal
	Verifier  = verify.Verifier
	Key       = verify.Key
	Signature = verify.Signature
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
	*clock.Clock
	*identity.Store
	wait      func(ctx context.Context, d time.Duration)
	logf      func(format string, args ...any)
	region    string
	closed    chan struct{}
	closeOnce sync.Once

	mu      sync.Mutex // guards all below
	faults  []*Fault
	entries []*Entry
	sso     ssoState
	console consoleState
}

// New returns a server with nobody in it.
func New(opts Options) *Server {
	c := clock.New(opts.Now)
	s := &Server{
		Clock: c, Store: identity.New(cmp.Or(opts.Partition, "aws"), c), wait: opts.Wait, logf: opts.Logf, region: opts.Region,
		closed: make(chan struct{}), sso: newSSOState(), console: newConsoleState(),
	}
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

// check panics: a wrong scene is a wrong test.
func check(err error) {
	if err != nil {
		panic("fakeaws: " + err.Error())
	}
}

// AddUser adds a user with active keys. It panics if the spec is no user's.
func (s *Server) AddUser(spec UserSpec) User {
	u, err := s.Store.AddUser(spec)
	check(err)
	return u
}

// AddRole adds a role and returns its ARN. It panics if the spec is no role's.
func (s *Server) AddRole(spec RoleSpec) string {
	arn, err := s.Store.AddRole(spec)
	check(err)
	return arn
}

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

// service is one of the endpoints that the server plays. A new one is a file
// that returns such a value, and a line in services.
type service struct {
	name string
	// match claims a request and names its action.
	match func(r *wire.Request) (action string, mine bool)
	// serve answers it, with the server's lock held.
	serve func(s *Server, r *wire.Request, action string) (wire.Reply, error)
	// refuse writes an error in the service's shape.
	refuse func(r *wire.Request, e *wire.Refusal) wire.Reply
}

// services is the table; the first that claims a request has it.
func services() []service {
	return []service{oidcService(), pageService(), portalService(), signinService(), queryService(), ecrService(), echoService()}
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
	for _, svc := range services() {
		if action, mine := svc.match(req); mine {
			s.perform(w, req, svc, action)
			return
		}
	}
	http.NotFound(w, r)
}

// perform serves a request, or lets it suffer the fault that waits for it.
func (s *Server) perform(w http.ResponseWriter, r *wire.Request, svc service, action string) {
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

func (s *Server) answer(r *wire.Request, svc service, action string, entry *Entry) wire.Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	rep, err := svc.serve(s, r, action)
	if err != nil {
		e := wire.AsRefusal(err)
		entry.Code = e.Code
		rep = svc.refuse(r, e)
	}
	entry.Status = rep.Status
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
