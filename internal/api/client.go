package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"

	"fob/internal/fob"
)

// Client is one connection of a front end. It is not for concurrent use.
type Client struct {
	conn io.ReadWriteCloser
	r    *bufio.Reader
	ui   fob.UI
	next int64
}

// NewClient speaks over conn and answers the agent's calls through ui.
func NewClient(conn io.ReadWriteCloser, ui fob.UI) *Client {
	// Large for listings; what is not needed of it is never touched.
	return &Client{conn: conn, r: bufio.NewReaderSize(conn, 64<<10), ui: ui}
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Call sends one request and waits for its answer, serving the agent's calls
// meanwhile. The result is decoded into result unless that is nil.
func (c *Client) Call(ctx context.Context, method string, params, result any) error {
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
	if line, ok := plainRequest(id, method, params); ok {
		if _, err := c.conn.Write(line); err != nil {
			return lost(err)
		}
		return nil
	}
	raw, err := json.Marshal(params)
	if err != nil {
		return err
	}
	if err := WriteMessage(c.conn, &Message{ID: &id, Method: method, Params: raw}); err != nil {
		return lost(err)
	}
	return nil
}

// errLost marks a connection that broke: the agent stopped or crashed.
var errLost = errors.New("connection lost")

func lost(err error) error {
	var own *fob.Error
	if errors.As(err, &own) {
		return err
	}
	return &fob.Error{Kind: fob.ErrInternal, Message: "the agent closed the connection", Hint: "try again; fob agent status", Cause: errLost}
}

// IsLost reports whether the agent went away in the middle of a call.
func IsLost(err error) bool { return errors.Is(err, errLost) }

// serve answers a call of the agent's.
func (c *Client) serve(ctx context.Context, m *Message) error {
	var result any
	var err error
	switch m.Method {
	case UITell:
		var text string
		if json.Unmarshal(m.Params, &text) == nil {
			c.ui.Tell(ctx, text)
		}
		return nil
	case UIProgress:
		var p fob.Progress
		if json.Unmarshal(m.Params, &p) == nil {
			c.ui.Progress(p)
		}
		return nil
	case UIAsk:
		var q fob.Question
		if err = json.Unmarshal(m.Params, &q); err == nil {
			var answer fob.Secret
			answer, err = c.ui.Ask(ctx, q)
			result = answer.Reveal()
		}
	case UIConfirm:
		var q fob.Confirmation
		if err = json.Unmarshal(m.Params, &q); err == nil {
			err = c.ui.Confirm(ctx, q)
		}
	case UIOpen:
		var p fob.Page
		if err = json.Unmarshal(m.Params, &p); err == nil {
			err = c.ui.Open(ctx, p)
		}
	default:
		err = fob.Errorf(fob.ErrVersion, "the agent asks for %q, which this fob does not know", m.Method)
	}
	reply := &Message{ID: m.ID}
	if err != nil {
		reply.Error = ToWire(err)
	} else if reply.Result, err = json.Marshal(result); err != nil {
		return err
	}
	return WriteMessage(c.conn, reply)
}
