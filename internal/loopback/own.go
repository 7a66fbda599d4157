package loopback

import (
	"errors"
	"net"
	"os"
	"sync"
)

// Own accepts connections only from programs of this user and of root; others are closed before a
// byte is read. Where the system cannot tell whose the connection is ([ErrUnknown]), it is accepted
// unless strict is set.
func Own(l net.Listener, strict bool) net.Listener { return ownListener{l, strict} }

// ErrUnknown means that this system does not tell which user opened a connection.
var ErrUnknown = errors.New("the system does not say whose connection it is")

var errStranger = errors.New("the connection is another user's")

type ownListener struct {
	net.Listener
	strict bool
}

func (l ownListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &ownConn{Conn: c, strict: l.strict}, nil
}

// ownConn checks its peer at the first read, in the goroutine that serves the connection, so that a
// slow check does not delay other connections.
type ownConn struct {
	net.Conn
	strict bool
	once   sync.Once
	err    error
}

// CloseWrite lets net/http close its side first, so that the client receives the refusal.
func (c *ownConn) CloseWrite() error { return closeWrite(c.Conn) }

func (c *ownConn) Read(p []byte) (int, error) {
	c.once.Do(c.look)
	if c.err != nil {
		return 0, c.err
	}
	return c.Conn.Read(p)
}

func (c *ownConn) look() {
	uid, err := peerUID(c.Conn)
	switch {
	case errors.Is(err, ErrUnknown) && !c.strict:
	case err != nil:
		c.err = err
	case uid != os.Getuid() && uid != 0:
		c.err = errStranger
	}
	if c.err != nil {
		_ = c.Conn.Close() // without any answer, not even net/http's 400
	}
}
