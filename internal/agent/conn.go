package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"fob/internal/api"
	"fob/internal/fob"
)

// conn is the connection to one front end: its requests come in, and questions to its user go out.
type conn struct {
	rw     io.ReadWriteCloser
	id     int64
	caller fob.Caller

	running sync.WaitGroup // requests in progress
	load    atomic.Int64   // the number of requests in progress
	writing sync.Mutex
	mu      sync.Mutex
	ending  bool
	next    int64
	pending map[int64]chan *api.Message
	gone    chan struct{} // closed when the front end has left
}

func newConn(rw io.ReadWriteCloser, id int64, caller fob.Caller) *conn {
	return &conn{rw: rw, id: id, caller: caller, pending: map[int64]chan *api.Message{}, gone: make(chan struct{})}
}

// maxLoad is how many requests of one front end may run at once; fob itself makes one at a time.
const maxLoad = 64

// How long a front end may take to read a message, and how long once the agent is ending. One that
// does not read would block its requests for ever.
const (
	writeLimit = 30 * time.Second
	lastLimit  = time.Second // and for requests in progress
)

// stackSize is about how much stack a request needs, in bytes.
const stackSize = 12 << 10

// growStack enlarges the stack of a new goroutine in one step. A stack starts with 2 KiB, and the
// runtime doubles and copies it each time it is full: three times for each of the two goroutines of
// a request, which was a tenth of the agent's time for fob credentials. The frame is allocated at
// every call; n is 0, so that it is not cleared too.
//
//go:noinline
func growStack(n int) byte {
	if n == 0 {
		return 0
	}
	var frame [stackSize]byte
	return frame[n]
}

// serve reads messages until the front end disconnects. Requests run concurrently.
func (a *Agent) serve(ctx context.Context, c *conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer c.rw.Close()
	defer c.running.Wait()
	defer a.prompters.Remove(c.id)
	defer c.leave()
	defer cancel()
	growStack(0)
	r := bufio.NewReader(c.rw)
	for {
		m, err := api.ReadMessage(r, api.MaxRequest)
		if err != nil {
			if err != io.EOF {
				a.log.Debug("connection ended", "error", err)
			}
			return
		}
		if m.Method == "" {
			c.answered(m)
			continue
		}
		if c.load.Add(1) > maxLoad {
			a.log.Warn("a front end makes too many requests at once", "pid", c.caller.PID)
			return
		}
		c.running.Go(func() {
			growStack(0)
			defer c.load.Add(-1)
			a.answer(ctx, c, m)
		})
	}
}

// finish closes the connection once all requests are answered.
func (c *conn) finish() {
	c.hurry(lastLimit, true)
	c.running.Wait()
	c.rw.Close()
}

// hurry limits the time of writes, also of one in progress. Standard streams have no limit: the
// program that reads them waits for them.
func (c *conn) hurry(limit time.Duration, ending bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending {
		return
	}
	c.ending = ending
	if bounded, ok := c.rw.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = bounded.SetWriteDeadline(time.Now().Add(limit))
	}
}

// answer runs one request and writes its answer.
func (a *Agent) answer(ctx context.Context, c *conn, m *api.Message) {
	result, err := a.dispatch(ctx, c, m)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil { // otherwise the user cancelled
		err = fob.Errorf(fob.ErrInternal, "the agent was stopped before it could answer").WithHint("try again")
	}
	reply := &api.Message{ID: m.ID, Result: result}
	if err != nil {
		a.log.Debug("request failed", "method", m.Method, "kind", fob.OutcomeOf(err).Wire)
		reply.Result, reply.Error = nil, api.ToWire(err)
	}
	if m.ID == nil {
		return
	}
	_ = c.send(reply) // an error means that the front end has left
}

// call calls a method of the front end. If that leaves meanwhile, the error is fob.ErrNobody.
func call[P, R any](ctx context.Context, c *conn, method api.Method[P, R], params P) (result R, err error) {
	raw, err := json.Marshal(params)
	if err != nil {
		return result, err
	}
	m, err := c.ask(ctx, string(method), raw)
	switch {
	case err != nil:
		return result, err
	case m.Error != nil:
		return result, m.Error.Err()
	}
	return result, json.Unmarshal(m.Result, &result)
}

// ask sends a call and waits for its answer.
func (c *conn) ask(ctx context.Context, method string, params json.RawMessage) (*api.Message, error) {
	answer := make(chan *api.Message, 1)
	c.mu.Lock()
	select {
	case <-c.gone:
		c.mu.Unlock()
		return nil, fob.ErrNobody
	default:
	}
	c.next++
	id := c.next
	c.pending[id] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.pending, id)
		c.mu.Unlock()
	}()
	if err := c.send(&api.Message{ID: &id, Method: method, Params: params}); err != nil {
		return nil, fob.ErrNobody
	}
	select {
	case m := <-answer:
		if m == nil {
			return nil, fob.ErrNobody
		}
		return m, nil
	case <-ctx.Done():
		notify(c, api.UIWithdraw, id)
		return nil, ctx.Err()
	}
}

func (c *conn) send(m *api.Message) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.hurry(writeLimit, false)
	err := api.WriteMessage(c.rw, m)
	if err != nil {
		c.rw.Close() // a part of the message may have been sent
	}
	return err
}

func (c *conn) answered(m *api.Message) {
	if m.ID == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if answer := c.pending[*m.ID]; answer != nil {
		delete(c.pending, *m.ID)
		answer <- m
	}
}

// leave ends all calls that wait for this front end's user.
func (c *conn) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.gone)
	for id, answer := range c.pending {
		delete(c.pending, id)
		answer <- nil
	}
}

// notify sends a notification; it is no error if the front end has left.
func notify[P any](c *conn, method api.Method[P, api.Empty], params P) {
	if raw, err := json.Marshal(params); err == nil {
		_ = c.send(&api.Message{Method: string(method), Params: raw})
	}
}

// ui reaches the user through the connection.
func (c *conn) ui() fob.UI {
	return fob.UI{
		ID: c.id,
		AskFunc: func(ctx context.Context, q fob.Question) (fob.Secret, error) {
			text, err := call(ctx, c, api.UIAsk, q)
			return fob.NewSecret(text), err
		},
		ConfirmFunc: func(ctx context.Context, q fob.Confirmation) error {
			_, err := call(ctx, c, api.UIConfirm, q)
			return err
		},
		OpenFunc: func(ctx context.Context, p fob.Page) (<-chan struct{}, error) {
			_, err := call(ctx, c, api.UIOpen, p)
			return c.gone, err
		},
		ReachFunc: func(ctx context.Context) fob.Reach {
			reach, err := call(ctx, c, api.UIReach, api.Empty{})
			if err != nil {
				return fob.Reach{} // it has left
			}
			return reach
		},
		TellFunc:     func(_ context.Context, message string) { notify(c, api.UITell, message) },
		ProgressFunc: func(p fob.Progress) { notify(c, api.UIProgress, p) },
	}
}
