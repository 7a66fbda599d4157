package loopback

import (
	"errors"
	"net"
	"os"
	"sync"
)

// Own lets only programs of this user, and root's, speak: a connection of anybody
// else is closed before a byte of it is read. Where the system does not say who is
// at the other end ([ErrUnknown]) all may speak, unless strict.
func Own(l net.Listener, strict bool) net.Listener { return ownListener{l, strict} }

// ErrUnknown says that this system does not tell whose program connects.
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

// ownConn looks at its peer when it is first read, in the goroutine that serves it.
type ownConn struct {
	net.Conn
	strict bool
	once   sync.Once
	err    error
}

// CloseWrite lets net/http end its side first, so that a refusal arrives.
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
		_ = c.Conn.Close() // no answer, not even to what net/http takes for HTTP
	}
}
