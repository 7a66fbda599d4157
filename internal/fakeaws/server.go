package fakeaws

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

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
	now       func() time.Time
	wait      func(ctx context.Context, d time.Duration)
	logf      func(format string, args ...any)
	partition string
	region    string
	offset    atomic.Int64 // of the server's clock, in nanoseconds
	lifetime  atomic.Int64 // cap of sessions' lives, in nanoseconds; 0: none
	closed    chan struct{}
	closeOnce sync.Once

	mu       sync.Mutex // guards all below
	keyDelay time.Duration
	users    map[string]*user // by ARN
	roles    map[string]*role // by ARN
	keys     map[string]*accessKey
	sessions map[string]*session
	aliases  map[string]string
	faults   []*Fault
	entries  []*Entry
	sso      ssoState
	console  consoleState
}

// New returns a server with nobody in it.
func New(opts Options) *Server {
	s := &Server{
		now: opts.Now, wait: opts.Wait, logf: opts.Logf, partition: opts.Partition, region: opts.Region, keyDelay: opts.KeyDelay,
		closed: make(chan struct{}),
		users:  map[string]*user{}, roles: map[string]*role{}, keys: map[string]*accessKey{},
		sessions: map[string]*session{}, aliases: map[string]string{}, sso: newSSOState(), console: newConsoleState(),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.wait == nil {
		s.wait = waitTimer
	}
	if s.logf == nil {
		s.logf = func(string, ...any) {}
	}
	if s.partition == "" {
		s.partition = "aws"
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

// Now is the server's clock.
func (s *Server) Now() time.Time { return s.now().Add(time.Duration(s.offset.Load())) }

// Advance moves the server's clock, back too: time passes, or client and server
// come to disagree about it.
func (s *Server) Advance(d time.Duration) { s.offset.Add(int64(d)) }

// SetSkew sets how far the server's clock is from the one it was given.
func (s *Server) SetSkew(d time.Duration) { s.offset.Store(int64(d)) }

// SetKeyDelay changes [Options.KeyDelay].
func (s *Server) SetKeyDelay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keyDelay = d
}

// Verifier checks requests to any service against the keys and sessions of the
// scene. Region and Service may be set on it.
func (s *Server) Verifier() Verifier {
	return Verifier{Now: s.Now, Key: func(id string) (Key, bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.lookup(id)
	}}
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

// request is a request on its way.
type request struct {
	http *http.Request
	body []byte
	form url.Values // parameters of the query protocol
	id   string
	// header is what the answer has beside what all have.
	header http.Header
}

// reply is an answer in full.
type reply struct {
	status      int
	contentType string
	body        []byte
}

// service is one of the endpoints that the server plays. A new one is a file
// that returns such a value, and a line in services.
type service struct {
	name string
	// match claims a request and names its action.
	match func(r *request) (action string, mine bool)
	// serve answers it, with the server's lock held.
	serve func(s *Server, r *request, action string) (reply, error)
	// refuse writes an error in the service's shape.
	refuse func(r *request, e *Refusal) reply
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
	req := &request{http: r, body: body, form: parseForm(r, body), id: newRequestID(), header: http.Header{}}
	for _, svc := range services() {
		if action, mine := svc.match(req); mine {
			s.perform(w, req, svc, action)
			return
		}
	}
	http.NotFound(w, r)
}

// perform serves a request, or lets it suffer the fault that waits for it.
func (s *Server) perform(w http.ResponseWriter, r *request, svc service, action string) {
	entry, fault := s.begin(r, svc, action)
	answer := func() reply { return s.answer(r, svc, action, entry) }
	rep, sent := fault.apply(s, r, svc, entry, answer)
	s.logf("%s %s key=%s status=%d code=%s fault=%s", entry.Service, action, entry.AccessKeyID, entry.Status, entry.Code, entry.Fault)
	if !sent {
		hangUp(w)
	}
	maps.Copy(w.Header(), r.header)
	w.Header().Set("Content-Type", rep.contentType)
	w.Header().Set("X-Amzn-Requestid", r.id)
	w.WriteHeader(rep.status)
	_, _ = w.Write(rep.body)
}

func (s *Server) answer(r *request, svc service, action string, entry *Entry) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	rep, err := svc.serve(s, r, action)
	if err != nil {
		e := asRefusal(err)
		entry.Code = e.Code
		rep = svc.refuse(r, e)
	}
	entry.Status = rep.status
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
