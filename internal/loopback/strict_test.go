package loopback

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// requests are accepted and refused inputs, with the reason for a refusal.
func requests() []struct {
	name, text string
	want       error
} {
	const host = "Host: h\r\n"
	return []struct {
		name, text string
		want       error
	}{
		{"plain", "GET / HTTP/1.1\r\n" + host + "\r\n", nil},
		{"two", strings.Repeat("GET /a?b=c HTTP/1.1\r\n"+host+"X: y z\t\r\n\r\n", 2), nil},
		{"body", "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\n\na\x00GET / HTTP/1.1\r\n" + host + "\r\n", nil},
		{"chunks", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3\r\n\n\n\n\r\n0a\r\n0123456789\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n", nil},
		{"absolute, its own host", "GET http://h/x HTTP/1.1\r\n" + host + "\r\n", nil},
		{"obs-text in a value", "GET / HTTP/1.1\r\n" + host + "X: \xe9\r\n\r\n", nil},

		{"both lengths", "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", errLength},
		{"both lengths, the other way", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", errLength},
		{"length twice", "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\ncontent-length: 3\r\n\r\n", errLength},
		{"lengths in one", "POST / HTTP/1.1\r\n" + host + "Content-Length: 3, 3\r\n\r\n", errLength},
		{"length signed", "POST / HTTP/1.1\r\n" + host + "Content-Length: +3\r\n\r\n", errLength},
		{"length empty", "POST / HTTP/1.1\r\n" + host + "Content-Length: \r\n\r\n", errLength},
		{"length huge", "POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", errLength},
		{"encoding twice", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", errLength},
		{"another encoding", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n", errLength},
		{"encoding hidden", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: \x0bchunked\r\n\r\n", errLine},
		{"encoding in 1.0", "POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n", errLength},
		{"length in a trailer", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 3\r\n\r\n", errLength},
		{"chunk of no number", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n", errLength},
		{"chunk extended", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3;a=\"\r\nabc\r\n", errLength},
		{"chunk too long", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", errLength},
		{"chunk ends in LF", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n", errLine},
		{"LF alone", "GET / HTTP/1.1\nHost: h\n\n", errLine},
		{"LF alone within", "GET / HTTP/1.1\r\n" + host + "A: b\nC: d\r\n\r\n", errLine},
		{"CR alone", "GET / HTTP/1.1\r\n" + host + "A: b\rC: d\r\n\r\n", errLine},
		{"NUL", "GET / HTTP/1.1\r\n" + host + "A: b\x00\r\n\r\n", errLine},
		{"folded", "GET / HTTP/1.1\r\n" + host + "A: b\r\n c\r\n\r\n", errHeader},
		{"blank before the colon", "GET / HTTP/1.1\r\n" + host + "Content-Length : 3\r\n\r\n", errHeader},
		{"no colon", "GET / HTTP/1.1\r\n" + host + "A\r\n\r\n", errHeader},
		{"no name", "GET / HTTP/1.1\r\n" + host + ": a\r\n\r\n", errHeader},
		{"no host", "GET / HTTP/1.1\r\n\r\n", errHost},
		{"two hosts", "GET / HTTP/1.1\r\n" + host + host + "\r\n", errHost},
		{"absolute, another host", "GET http://evil/x HTTP/1.1\r\n" + host + "\r\n", errHost},
		{"connect", "CONNECT h:443 HTTP/1.1\r\n" + host + "\r\n", errRequest},
		{"asterisk", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", errRequest},
		{"0.9", "GET /\r\n", errRequest},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", errRequest},
		{"lower-case version", "GET / http/1.1\r\n", errRequest},
		{"two blanks", "GET  / HTTP/1.1\r\n", errRequest},
		{"a tab", "GET\t/ HTTP/1.1\r\n", errRequest},
		{"a fragment", "GET /#a HTTP/1.1\r\n", errRequest},
		{"raw UTF-8", "GET /é HTTP/1.1\r\n", errRequest},
		{"an empty line first", "\r\nGET / HTTP/1.1\r\n", errRequest},
		{"too long", "GET / HTTP/1.1\r\n" + host + "A: " + strings.Repeat("x", maxHead) + "\r\n\r\n", errTooLong},
		{"the second is wrong", "POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\nxGET / HTTP/1.1\n", errLine},
	}
}

func TestStrict(t *testing.T) {
	t.Parallel()
	for _, tt := range requests() {
		for _, step := range []int{1, 2, 7, 1 << 20} {
			var s scanner
			var err error
			for i := 0; i < len(tt.text) && err == nil; i += step {
				_, err = s.feed([]byte(tt.text[i:min(i+step, len(tt.text))]))
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("%s, %d bytes at a time: %v, want %v", tt.name, step, err, tt.want)
			}
		}
	}
}

// A server behind the listener answers 400 to what is refused, and reads nothing after it.
func TestStrictServer(t *testing.T) {
	t.Parallel()
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var served []string
	srv := Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		served = append(served, r.URL.Path)
	}))
	go srv.Serve(Strict(l))
	defer srv.Close()
	for _, tt := range requests() {
		mu.Lock()
		served = nil
		mu.Unlock()
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
		fmt.Fprint(conn, tt.text+"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		answer, _ := io.ReadAll(conn)
		conn.Close()
		mu.Lock()
		last := len(served) > 0 && served[len(served)-1] == "/last"
		mu.Unlock()
		bad := bytes.Contains(answer, []byte(" 400 ")) || bytes.Contains(answer, []byte(" 431 ")) || len(answer) == 0
		if last != (tt.want == nil) || tt.want != nil && !bad {
			t.Errorf("%s: the last one served: %v, answered %q", tt.name, last, answer)
		}
	}
}

// For all input that the scanner accepts, net/http finds the same number of requests with the same
// lengths.
func FuzzStrict(f *testing.F) {
	for _, tt := range requests() {
		f.Add([]byte(tt.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var whole, bytewise scanner
		good, err := whole.feed(text)
		n := 0
		var slow error
		for ; n < len(text) && slow == nil; n++ {
			_, slow = bytewise.feed(text[n : n+1])
		}
		if slow != nil {
			n--
		}
		if !errors.Is(err, slow) || good != n {
			t.Fatalf("at once %d %v, by bytes %d %v", good, err, n, slow)
		}
		if err != nil || whole.state != inRequestLine || len(whole.line) > 0 || whole.cr {
			return
		}
		r := bufio.NewReader(bytes.NewReader(text))
		for {
			req, err := http.ReadRequest(r)
			if err == io.EOF {
				break
			}
			if err != nil {
				return // net/http is stricter here, which is safe
			}
			if _, err := io.Copy(io.Discard, req.Body); err != nil {
				t.Fatalf("a body that the scanner took to be whole: %v", err)
			}
		}
	})
}

func TestSameOrigin(t *testing.T) {
	t.Parallel()
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	own := l.Addr().String()
	_, port, _ := net.SplitHostPort(own)
	h := SameOrigin(l, []string{"x.localhost"}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}),
		func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) })
	for _, tt := range []struct {
		host    string
		headers []string
		ok      bool
	}{
		{own, nil, true},
		{"localhost:" + port, nil, true},
		{"x.localhost:" + port, nil, true},
		{own, []string{"Origin", "http://" + own, "Referer", "http://" + own + "/a", "Sec-Fetch-Site", "same-origin"}, true},
		{own, []string{"Sec-Fetch-Site", "none"}, true},
		{"127.0.0.1", nil, false},
		{"y.localhost:" + port, nil, false},
		{"evil.test:" + port, nil, false},
		{"[::1]:" + port, nil, false},
		{own + ".", nil, false},
		{"", nil, false},
		{own, []string{"Origin", "null"}, false},
		{own, []string{"Origin", "https://" + own}, false},
		{own, []string{"Origin", "http://localhost:" + port}, false},
		{own, []string{"Origin", "http://" + own + "0"}, false},
		{own, []string{"Origin", "http://" + own, "Origin", "http://evil.test"}, false},
		{own, []string{"Referer", "http://" + own + "0/"}, false},
		{own, []string{"Referer", "http://evil.test/http://" + own + "/"}, false},
		{own, []string{"Sec-Fetch-Site", "same-site"}, false},
		{own, []string{"Sec-Fetch-Site", "cross-site"}, false},
		{own, []string{"Sec-Fetch-Site", ""}, false},
	} {
		r, _ := http.NewRequest(http.MethodGet, "http://"+own+"/", nil)
		r.Host = tt.host
		for i := 0; i < len(tt.headers); i += 2 {
			r.Header.Add(tt.headers[i], tt.headers[i+1])
		}
		w := &status{code: http.StatusOK, header: http.Header{}}
		h.ServeHTTP(w, r)
		if (w.code == http.StatusOK) != tt.ok {
			t.Errorf("%s %q: %d", tt.host, tt.headers, w.code)
		}
	}
}

type status struct {
	code   int
	header http.Header
}

func (s *status) Header() http.Header         { return s.header }
func (s *status) Write(p []byte) (int, error) { return len(p), nil }
func (s *status) WriteHeader(code int)        { s.code = code }
