package proxy_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fob/test/signer"
)

// echo is a service with a WebSocket: it verifies the signature of the request that accept makes
// from the handshake, then sends each text message back.
func echo(t *testing.T, accept func(r *http.Request) (*http.Request, []byte), message func(text []byte)) string {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed, body := accept(r)
		if _, err := signer.Verifier(0).Verify(signed, body); err != nil {
			t.Error(err)
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if r.Header.Get("Authorization") != "" && signed != r || r.Header.Get("Upgrade") != "websocket" {
			t.Error(r.Header)
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n")
		_ = rw.Flush()
		for {
			text, err := readFrame(rw.Reader)
			if err != nil {
				return
			}
			message(text)
			_, _ = conn.Write(frame(text, nil))
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// frame is a text message in one frame, masked if mask is not empty.
func frame(text, mask []byte) []byte {
	b := []byte{0x81, 126, 0, 0}
	binary.BigEndian.PutUint16(b[2:], uint16(len(text)))
	if mask == nil {
		return append(b, text...)
	}
	b[1] |= 0x80
	b = append(b, mask...)
	for i, c := range text {
		b = append(b, c^mask[i%4])
	}
	return b
}

func readFrame(r *bufio.Reader) ([]byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := int(head[1] & 0x7f)
	if size == 126 {
		var more [2]byte
		if _, err := io.ReadFull(r, more[:]); err != nil {
			return nil, err
		}
		size = int(binary.BigEndian.Uint16(more[:]))
	}
	mask := make([]byte, 4)
	if head[1]&0x80 == 0 {
		mask = nil
	} else if _, err := io.ReadFull(r, mask); err != nil {
		return nil, err
	}
	text := make([]byte, size)
	_, err := io.ReadFull(r, text)
	for i := range text {
		if mask != nil {
			text[i] ^= mask[i%4]
		}
	}
	return text, err
}

// dial opens a WebSocket through the proxy.
func (r running) dial(t *testing.T, target string, headers ...string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", r.host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
	fmt.Fprint(conn, r.head("GET", target, append([]string{"Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: a2V5", "Sec-WebSocket-Version: 13"}, headers...)...))
	reader := bufio.NewReader(conn)
	resp, err := http.ReadResponse(reader, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Sec-Websocket-Accept") != "x" || !strings.EqualFold(resp.Header.Get("Connection"), "upgrade") {
		why, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s %s, %v", resp.Status, why, err)
	}
	return conn, reader
}

// exchange sends a message and expects want back.
func exchange(t *testing.T, conn net.Conn, r *bufio.Reader, send []byte, want string) {
	t.Helper()
	if _, err := conn.Write(send); err != nil {
		t.Fatal(err)
	}
	if got, err := readFrame(r); err != nil || string(got) != want {
		t.Fatalf("%q, %v; want %q", got, err, want)
	}
}

// The handshake of other services is signed in its headers; after it bytes are copied unchanged.
func TestWebSocketHeaders(t *testing.T) {
	t.Parallel()
	url := echo(t, func(r *http.Request) (*http.Request, []byte) {
		if r.RequestURI != "/prod//x?a=b" || r.Header.Get("Sec-Websocket-Key") != "a2V5" || r.Header.Get("X-Fob-Token") != "" {
			t.Error(r.RequestURI, r.Header)
		}
		return r, nil
	}, func([]byte) {})
	p := start(t, "to", url, "service", "execute-api")
	conn, r := p.dial(t, "/prod//x?a=b")
	for _, text := range []string{"hello", "GET / HTTP/1.1\nHost: no\n\n", strings.Repeat("x", 40000)} {
		exchange(t, conn, r, frame([]byte(text), []byte{1, 2, 3, 4}), text)
	}
}

// IoT Core expects the signature in the URL, with the session token last.
func TestWebSocketIoT(t *testing.T) {
	t.Parallel()
	url := echo(t, func(r *http.Request) (*http.Request, []byte) {
		q := r.URL.Query()
		if r.URL.Path != "/mqtt" || !strings.Contains(q.Get("X-Amz-Credential"), "/iotdevicegateway/") || r.Header.Get("Authorization") != "" || q.Get("x") != "y" {
			t.Error(r.URL.Path, r.Header)
		}
		if i := strings.Index(r.URL.RawQuery, "X-Amz-Security-Token"); i < strings.Index(r.URL.RawQuery, "X-Amz-Signature") {
			t.Error("the token is signed")
		}
		return r, nil
	}, func([]byte) {})
	for _, service := range []string{"iotdevicegateway", "iotdata"} {
		p := start(t, "to", url, "service", service)
		conn, r := p.dial(t, "/mqtt?x=y", "Sec-WebSocket-Protocol: mqtt")
		exchange(t, conn, r, frame([]byte("connect"), []byte{9, 8, 7, 6}), "connect")
	}
}

// unsent is the request that was signed to make these headers.
func unsent(t *testing.T, path string, object []byte) *http.Request {
	var headers map[string]string
	if err := json.Unmarshal(object, &headers); err != nil {
		t.Error(err)
	}
	r, err := http.NewRequest(http.MethodPost, "https://"+headers["host"]+path, nil)
	if err != nil {
		t.Error(err)
	}
	for name, value := range headers {
		if name != "host" {
			r.Header.Set(name, value)
		}
	}
	return r
}

func verify(t *testing.T, r *http.Request, body string) {
	t.Helper()
	if _, err := signer.Verifier(0).Verify(r, []byte(body)); err != nil {
		t.Error(err)
	}
}

// AppSync: a signature in the query opens the connection, and each subscription gets its own.
func TestWebSocketAppSync(t *testing.T) {
	t.Parallel()
	var last []byte
	url := echo(t, func(r *http.Request) (*http.Request, []byte) {
		q := r.URL.Query()
		header, err := base64.StdEncoding.DecodeString(q.Get("header"))
		if payload, _ := base64.StdEncoding.DecodeString(q.Get("payload")); err != nil || string(payload) != "{}" || q.Get("other") != "1" || len(q["header"]) != 1 {
			t.Error(err, r.URL.Path)
		}
		if r.URL.Path != "/graphql/realtime" || r.Header.Get("Sec-Websocket-Protocol") != "graphql-ws" || r.Header.Get("Sec-Websocket-Extensions") != "" || r.Header.Get("Authorization") != "" {
			t.Error(r.URL.Path, r.Header)
		}
		return unsent(t, "/graphql/connect", header), []byte("{}")
	}, func(text []byte) { last = text })
	p := start(t, "to", url, "service", "appsync")
	conn, r := p.dial(t, "/graphql?header=abc&other=1&payload=def", "Sec-WebSocket-Protocol: graphql-ws", "Sec-WebSocket-Extensions: permessage-deflate")
	mask := []byte{1, 2, 3, 4}
	exchange(t, conn, r, frame([]byte(`{"type":"connection_init"}`), mask), `{"type":"connection_init"}`)
	exchange(t, conn, r, frame([]byte(`not JSON`), mask), `not JSON`)

	const data = `{"query":"subscription { x }","variables":{}}`
	quoted, _ := json.Marshal(data)
	whole := frame([]byte(`{"id":"1","type":"start","payload":{"data":`+string(quoted)+`,"extensions":{"keep":1}}}`), mask)
	// In fragments, with a ping between them.
	text := `{"id":"1","type":"start","payload":{"data":` + string(quoted) + `,"extensions":{"keep":1}}}`
	first, second := frame([]byte(text[:20]), mask), frame([]byte(text[20:]), mask)
	first[0], second[0] = 0x01, 0x80
	for name, send := range map[string][]byte{"whole": whole, "fragments": append(first, second...)} {
		for i := range send { // byte by byte
			if _, err := conn.Write(send[i : i+1]); err != nil {
				t.Fatal(err)
			}
		}
		got, err := readFrame(r)
		if err != nil {
			t.Fatal(name, err)
		}
		var m struct {
			ID, Type string
			Payload  struct {
				Data       string
				Extensions struct {
					Authorization json.RawMessage
					Keep          int
				}
			}
		}
		if err := json.Unmarshal(got, &m); err != nil || m.ID != "1" || m.Type != "start" || m.Payload.Data != data || m.Payload.Extensions.Keep != 1 || !bytes.Equal(got, last) {
			t.Fatalf("%s: %v", name, err)
		}
		verify(t, unsent(t, "/graphql", m.Payload.Extensions.Authorization), data)
	}
}

func TestWebSocketAppSyncEvents(t *testing.T) {
	t.Parallel()
	url := echo(t, func(r *http.Request) (*http.Request, []byte) {
		protocols := strings.Split(r.Header.Get("Sec-Websocket-Protocol"), ", ")
		if len(protocols) != 2 || protocols[1] != "aws-appsync-event-ws" || r.URL.RequestURI() != "/event/realtime" {
			t.Fatal(protocols, r.URL)
		}
		header, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(protocols[0], "header-"))
		if err != nil {
			t.Error(err)
		}
		return unsent(t, "/event", header), []byte("{}")
	}, func([]byte) {})
	p := start(t, "to", url, "service", "appsync")
	conn, r := p.dial(t, "/event/realtime", "Sec-WebSocket-Protocol: aws-appsync-event-ws, header-bm90aGluZw")
	for body, send := range map[string]string{
		`{"channel":"/a/*"}`:                     `{"type":"subscribe","id":"1","channel":"/a/*"}`,
		`{"channel":"/a/b","events":["{}","1"]}`: `{"type":"publish","id":"2","channel":"/a/b","events":["{}","1"],"authorization":{}}`,
	} {
		if _, err := conn.Write(frame([]byte(send), []byte{0, 0, 0, 0})); err != nil {
			t.Fatal(err)
		}
		got, err := readFrame(r)
		var m struct{ Authorization json.RawMessage }
		if err != nil || json.Unmarshal(got, &m) != nil {
			t.Fatal(err)
		}
		verify(t, unsent(t, "/event", m.Authorization), body)
	}
}

// A frame that clients must not send ends the connection.
func TestWebSocketFrames(t *testing.T) {
	t.Parallel()
	for name, send := range map[string][]byte{
		"not masked": {0x81, 1, 'a'}, "compressed": {0xc1, 0x81, 0, 0, 0, 0, 'a'}, "too long": {0x82, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0},
		"a long ping": {0x89, 0xfe, 1, 0}, "a text within a text": {0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0},
	} {
		url := echo(t, func(r *http.Request) (*http.Request, []byte) {
			header, _ := base64.StdEncoding.DecodeString(r.URL.Query().Get("header"))
			return unsent(t, "/graphql/connect", header), []byte("{}")
		}, func(text []byte) { t.Errorf("%s: %q arrived", name, text) })
		p := start(t, "to", url, "service", "appsync")
		conn, r := p.dial(t, "/graphql")
		_, _ = conn.Write(send)
		if _, err := r.ReadByte(); err == nil {
			t.Error(name)
		}
	}
}

// A refused handshake is an ordinary answer, and the connection goes on as HTTP.
func TestWebSocketRefused(t *testing.T) {
	t.Parallel()
	u, url := upstream(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	p := start(t, "to", url, "service", "es")
	upgrade := p.head("GET", "/", "Connection: Upgrade", "Upgrade: websocket")
	resp, _ := raw(t, p.host, upgrade)
	if resp.StatusCode != http.StatusTeapot || len(u.Take()) != 1 {
		t.Error(resp.Status)
	}
	// Requests after it are checked as strictly as before.
	conn, err := net.Dial("tcp", p.host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
	r := bufio.NewReader(conn)
	for _, tt := range []struct {
		text   string
		status int
	}{{upgrade, http.StatusTeapot}, {strings.Replace(p.head("GET", "/", "X: y"), "y\r\n", "y\n", 1), 400}} {
		fmt.Fprint(conn, tt.text)
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode != tt.status {
			t.Fatal(resp, err)
		}
	}
}
