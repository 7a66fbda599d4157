package loopback

import (
	"errors"
	"net"
	"strings"
)

// Strict closes connections whose HTTP/1 is not in its plainest form. Whatever two programs might
// parse differently (a repeated length, a bare line feed, a folded header) allows request
// smuggling, and net/http accepts some of it. For net/http such a connection fails, and it answers
// 400.
func Strict(l net.Listener) net.Listener { return strictListener{l} }

type strictListener struct{ net.Listener }

func (l strictListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &StrictConn{Conn: c}, nil
}

// StrictConn is a connection of a [Strict] listener.
type StrictConn struct {
	net.Conn
	scan scanner
	err  error
}

// Switch tells that the connection was upgraded, and what follows is not HTTP.
func (c *StrictConn) Switch() { c.scan.state = inOther }

// CloseWrite lets net/http close its side first, so that the client receives the refusal.
func (c *StrictConn) CloseWrite() error { return closeWrite(c.Conn) }

func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

func (c *StrictConn) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.Conn.Read(p)
	good, bad := c.scan.feed(p[:n])
	if bad == nil {
		return n, err
	}
	c.err = bad
	if good > 0 {
		return good, nil
	}
	return 0, bad
}

// The states of a scanner.
const (
	inRequestLine = iota
	inHeader
	inBody
	inChunkSize
	inChunk
	inChunkEnd
	inTrailer
	inOther
)

const maxHead = 64 << 10

var (
	errLine    = errors.New("a line does not end with CR LF alone")
	errRequest = errors.New("the request line is not METHOD TARGET HTTP/1.1")
	errHeader  = errors.New("a header is folded, or holds what none may")
	errLength  = errors.New("the length of the body is not clear")
	errHost    = errors.New("there is not one Host, or the target names another one")
	errTooLong = errors.New("the head is too long")
)

// scanner parses the requests on a connection. It sees every byte before net/http does.
type scanner struct {
	state int
	line  []byte
	cr    bool  // the last byte was a CR
	size  int   // of the head so far, in bytes
	left  int64 // of the body, or of the current chunk, in bytes

	target    string
	version   string
	host      string
	hosts     int
	length    int64 // from Content-Length; -1: there is none
	encodings int   // how often Transfer-Encoding: chunked occurs
}

// feed checks the next bytes. With an error, good is the number of bytes that may still be passed
// on; they never include the whole of an invalid head.
func (s *scanner) feed(p []byte) (good int, err error) {
	for i := 0; i < len(p); {
		switch s.state {
		case inOther:
			return len(p), nil
		case inBody, inChunk:
			n := min(s.left, int64(len(p)-i))
			i += int(n)
			switch s.left -= n; {
			case s.left > 0:
			case s.state == inChunk:
				s.state = inChunkEnd
			default:
				s.begin()
			}
			continue
		}
		whole, err := s.add(p[i])
		if err == nil && whole {
			err = s.endLine()
			s.line = s.line[:0]
		}
		if err != nil {
			return i, err
		}
		i++
	}
	return len(p), nil
}

// add appends one byte to the current line, and reports whether it ended the line.
func (s *scanner) add(c byte) (whole bool, err error) {
	s.size++
	switch {
	case s.size > maxHead:
		return false, errTooLong
	case s.cr && c == '\n':
		s.cr = false
		return true, nil
	case s.cr, c == '\n', c < ' ' && c != '\t' && c != '\r', c == 0x7f:
		return false, errLine
	case c == '\r':
		s.cr = true
	default:
		s.line = append(s.line, c)
	}
	return false, nil
}

func (s *scanner) endLine() error {
	line := string(s.line)
	switch s.state {
	case inRequestLine:
		return s.requestLine(line)
	case inHeader:
		if line == "" {
			return s.endHead()
		}
		return s.header(line)
	case inTrailer:
		if line == "" {
			s.begin()
			return nil
		}
		return s.trailer(line)
	case inChunkSize:
		return s.chunk(line)
	default: // inChunkEnd
		if line != "" {
			return errLength
		}
		s.state = inChunkSize
		return nil
	}
}

func (s *scanner) begin() { *s = scanner{line: s.line[:0]} }

func (s *scanner) requestLine(line string) error {
	parts := strings.Split(line, " ")
	if len(parts) != 3 || !token(parts[0]) || parts[2] != "HTTP/1.1" && parts[2] != "HTTP/1.0" {
		return errRequest
	}
	s.target, s.version, s.length, s.state = parts[1], parts[2], -1, inHeader
	if strings.ContainsFunc(s.target, func(r rune) bool { return r <= ' ' || r > '~' || r == '#' }) {
		return errRequest
	}
	if !strings.HasPrefix(s.target, "/") && s.authority() == "" {
		return errRequest
	}
	return nil
}

// authority returns the host of a target in absolute form.
func (s *scanner) authority() string {
	_, rest, ok := strings.Cut(s.target, "://")
	if !ok || strings.HasPrefix(s.target, "/") {
		return ""
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

func (s *scanner) header(line string) error {
	name, value, ok := strings.Cut(line, ":")
	if !ok || !token(name) {
		return errHeader // a folded line begins with a blank
	}
	value = strings.Trim(value, " \t")
	switch strings.ToLower(name) {
	case "host":
		s.host = value
		s.hosts++
	case "content-length":
		if s.length >= 0 || value == "" || len(value) > 18 {
			return errLength
		}
		s.length = 0
		for _, c := range value {
			if c < '0' || c > '9' {
				return errLength
			}
			s.length = 10*s.length + int64(c-'0')
		}
	case "transfer-encoding":
		if s.encodings++; s.encodings > 1 || !strings.EqualFold(value, "chunked") || s.version != "HTTP/1.1" {
			return errLength
		}
	}
	return nil
}

// trailer refuses the fields that are not allowed in trailers.
func (s *scanner) trailer(line string) error {
	hosts, length, encodings := s.hosts, s.length, s.encodings
	if err := s.header(line); err != nil {
		return err
	}
	if s.hosts != hosts || s.length != length || s.encodings != encodings {
		return errLength
	}
	return nil
}

func (s *scanner) endHead() error {
	if a := s.authority(); s.hosts != 1 || a != "" && !strings.EqualFold(a, s.host) {
		return errHost
	}
	switch {
	case s.encodings > 0 && s.length >= 0:
		return errLength
	case s.encodings > 0:
		s.state, s.size = inChunkSize, 0
	case s.length > 0:
		s.state, s.left = inBody, s.length
		s.line, s.size = s.line[:0], 0
	default:
		s.begin()
	}
	return nil
}

// chunk parses a chunk's size, in hex. Chunk extensions are refused; nothing uses them.
func (s *scanner) chunk(line string) error {
	if line == "" || len(line) > 15 {
		return errLength
	}
	s.left, s.size = 0, 0
	for _, c := range strings.ToLower(line) {
		switch {
		case '0' <= c && c <= '9':
			s.left = 16*s.left + int64(c-'0')
		case 'a' <= c && c <= 'f':
			s.left = 16*s.left + int64(c-'a') + 10
		default:
			return errLength
		}
	}
	if s.state = inChunk; s.left == 0 {
		s.state = inTrailer
	}
	return nil
}

// token reports whether s is valid as a method or as a header's name (RFC 9110).
func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	})
}
