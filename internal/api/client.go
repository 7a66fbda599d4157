package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"fob/internal/fob"
)

// Client is one connection of a front end. It is not for concurrent use.
type Client struct {
	// Caller goes with every request; its protocol is this build's.
	Caller Caller

	conn io.ReadWriteCloser
	r    *bufio.Reader
	ui   fob.UI
	next int64
}

// NewClient speaks over conn and answers the agent's calls through ui.
func NewClient(conn io.ReadWriteCloser, caller Caller, ui fob.UI) *Client {
	// The buffer is large for listings; unused pages of it are never touched.
	return &Client{Caller: caller, conn: conn, r: bufio.NewReaderSize(conn, 64<<10), ui: ui}
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// call sends one request and waits for its answer, serving the agent's calls
// meanwhile. params and result are pointers.
func (c *Client) call(ctx context.Context, method string, params, result any) error {
	c.next++
	id := c.next
	if err := c.send(id, method, params); err != nil {
		return err
	}
	for {
		line, err := readLine(c.r, MaxReply)
		if err != nil {
			return lost(err)
		}
		if plainAnswer(line, id, result) {
			return nil
		}
		m, err := parseMessage(line, result)
		switch {
		case err != nil:
			return lost(err)
		case m.Method != "":
			if err := c.serve(ctx, m); err != nil {
				return lost(err)
			}
		case m.ID == nil || *m.ID != id:
			return fob.Errorf(fob.ErrInternal, "the agent answered another question")
		case m.Error != nil:
			return m.Error.Err()
		default:
			return nil
		}
	}
}

// send writes a request.
func (c *Client) send(id int64, method string, params any) error {
	caller := c.Caller
	caller.Protocol = Protocol
	if line, ok := plainRequest(id, method, &caller, params); ok {
		if _, err := c.conn.Write(line); err != nil {
			return lost(err)
		}
		return nil
	}
	raw, err := json.Marshal(params)
	if err != nil {
		return err
	}
	if err := WriteMessage(c.conn, &Message{ID: &id, Method: method, Caller: &caller, Params: raw}); err != nil {
		return lost(err)
	}
	return nil
}

// errLost means that the connection broke: the agent stopped or crashed.
var errLost = errors.New("connection lost")

func lost(err error) error {
	var own *fob.Error
	if errors.As(err, &own) {
		return err
	}
	return &fob.Error{Kind: fob.ErrInternal, Message: "the agent closed the connection", Hint: "try again; fob agent status", Cause: errLost}
}

// IsLost reports whether the agent disappeared during a call.
func IsLost(err error) bool { return errors.Is(err, errLost) }

// Serve answers the agent's calls, side by side, until ctx or the connection ends: for
// a front end that has registered as a prompter ([BePrompter]). A question that the
// agent withdraws has its context cancelled. Nothing else may use the connection.
func (c *Client) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	stop := context.AfterFunc(ctx, func() { interrupt(c.conn) })
	defer stop()
	var mu sync.Mutex // for writing, and for questions
	questions := map[int64]context.CancelFunc{}
	for {
		m, err := ReadMessage(c.r, MaxReply)
		switch {
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return lost(err)
		case m.Method == string(UIWithdraw):
			var id int64
			if json.Unmarshal(m.Params, &id) == nil {
				mu.Lock()
				if withdraw := questions[id]; withdraw != nil {
					withdraw()
				}
				mu.Unlock()
			}
			continue
		case m.ID == nil:
			c.respond(ctx, m)
			continue
		}
		question, withdraw := context.WithCancel(ctx)
		mu.Lock()
		questions[*m.ID] = withdraw
		mu.Unlock()
		running.Go(func() {
			reply := c.respond(question, m)
			mu.Lock()
			defer mu.Unlock()
			delete(questions, *m.ID)
			if question.Err() == nil { // otherwise nobody waits for it any more, or this front end is leaving
				_ = WriteMessage(c.conn, reply) // if that fails, reading fails too
			}
			withdraw()
		})
	}
}

// serve answers a call of the agent during a request.
func (c *Client) serve(ctx context.Context, m *Message) error {
	reply := c.respond(ctx, m)
	if reply == nil {
		return nil
	}
	return WriteMessage(c.conn, reply)
}

// respond performs what the agent calls for. Notifications get no reply.
func (c *Client) respond(ctx context.Context, m *Message) (reply *Message) {
	var result json.RawMessage
	var err error
	switch m.Method {
	case string(UIAsk):
		result, err = answer(UIAsk, m, func(q fob.Question) (string, error) {
			text, err := c.ui.Ask(ctx, q)
			return text.Reveal(), err
		})
	case string(UIConfirm):
		result, err = answer(UIConfirm, m, func(q fob.Confirmation) (Empty, error) { return Empty{}, c.ui.Confirm(ctx, q) })
	case string(UIOpen):
		result, err = answer(UIOpen, m, func(p fob.Page) (Empty, error) {
			_, err := c.ui.Open(ctx, p)
			return Empty{}, err
		})
	case string(UIReach):
		result, err = answer(UIReach, m, func(Empty) (fob.Reach, error) { return c.ui.Reach(ctx), nil })
	case string(UITell):
		_, err = answer(UITell, m, func(text string) (Empty, error) { c.ui.Tell(ctx, text); return Empty{}, nil })
	case string(UIProgress):
		_, err = answer(UIProgress, m, func(p fob.Progress) (Empty, error) { c.ui.Progress(p); return Empty{}, nil })
	default:
		err = fob.Errorf(fob.ErrVersion, "the agent asks for %q, which this fob does not know", m.Method)
	}
	if m.ID == nil {
		return nil
	}
	reply = &Message{ID: m.ID, Result: result}
	if err != nil {
		reply.Error = ToWire(err)
	}
	return reply
}

// answer decodes the parameters of a call and encodes the result of do.
func answer[P, R any](_ Method[P, R], m *Message, do func(P) (R, error)) (json.RawMessage, error) {
	var params P
	if err := json.Unmarshal(m.Params, &params); err != nil {
		return nil, err
	}
	result, err := do(params)
	if err != nil {
		return nil, err
	}
	return json.Marshal(result)
}
