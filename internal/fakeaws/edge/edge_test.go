package edge_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/edge"
	"fob/internal/fakeaws/stage"
)

func newEdge(t *testing.T, h http.Handler) *edge.Edge {
	t.Helper()
	e, err := edge.New(h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// client trusts the edge, and uses its proxy.
func client(t *testing.T, e *edge.Edge, protocols ...string) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(e.CA) {
		t.Fatal("no certificate")
	}
	transport := &http.Transport{ForceAttemptHTTP2: len(protocols) == 0, TLSClientConfig: &tls.Config{RootCAs: pool, NextProtos: protocols},
		Proxy: func(r *http.Request) (*url.URL, error) {
			if r.URL.Hostname() == "127.0.0.1" {
				return nil, nil
			}
			return url.Parse(e.Proxy)
		}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// The names of AWS lead to the fake, which sees the name, the protocol and a
// signature for both.
func TestNamesOfAWS(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	e := newEdge(t, st.Server)
	for _, tc := range []struct {
		client        *http.Client
		target, proto string
	}{
		{client(t, e), "https://sts.eu-west-1.amazonaws.com", "HTTP/2.0"},
		{client(t, e, "http/1.1"), "https://sts.us-east-2.amazonaws.com", "HTTP/1.1"},
		{client(t, e), e.URL, "HTTP/2.0"},
	} {
		st.Reset()
		region := "eu-west-1"
		if strings.Contains(tc.target, "us-east-2") {
			region = "us-east-2"
		}
		resp, err := tc.client.Do(stage.Signed(t, tc.target+"/", "sts", region, "POST", stage.CallerIdentity, st.Users["bot"].Credentials, st.Now()))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		entry := st.Log()[0]
		if resp.StatusCode != 200 || resp.Proto != tc.proto || entry.Proto != tc.proto || "https://"+entry.Host != tc.target {
			t.Errorf("%s: %d %s, logged %s %s", tc.target, resp.StatusCode, resp.Proto, entry.Proto, entry.Host)
		}
	}
	if got := e.Tunnels(); !slices.Equal(got, []string{"sts.eu-west-1.amazonaws.com:443", "sts.us-east-2.amazonaws.com:443"}) {
		t.Errorf("tunnels %v", got)
	}
}

func TestProxyLeadsToAWSOnly(t *testing.T) {
	t.Parallel()
	e := newEdge(t, http.NotFoundHandler())
	ask := func(request string) int {
		conn, err := net.Dial("tcp", strings.TrimPrefix(e.Proxy, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, request+"\r\nHost: x\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodConnect})
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	for request, want := range map[string]int{
		"CONNECT sts.amazonaws.com:443 HTTP/1.1":               200,
		"CONNECT corp.awsapps.com:443 HTTP/1.1":                200,
		"CONNECT us-east-1.signin.aws.amazon.com:443 HTTP/1.1": 200,
		"CONNECT sts.amazonaws.com:80 HTTP/1.1":                403,
		"CONNECT example.com:443 HTTP/1.1":                     403,
		"CONNECT sts.amazonaws.com.example.com:443 HTTP/1.1":   403,
		"GET http://sts.amazonaws.com/ HTTP/1.1":               405,
	} {
		if got := ask(request); got != want {
			t.Errorf("%s: %d", request, got)
		}
	}
}

// Tunnels that are in use end with the edge.
func TestCloseEndsTunnels(t *testing.T) {
	t.Parallel()
	e := newEdge(t, http.NotFoundHandler())
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.Proxy, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "CONNECT sts.amazonaws.com:443 HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodConnect}); err != nil {
		t.Fatal(err)
	}
	e.Close()
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the tunnel is open")
	}
}

// Who does not trust the authority gets no answer.
func TestCertificates(t *testing.T) {
	t.Parallel()
	e := newEdge(t, http.NotFoundHandler())
	other := newEdge(t, http.NotFoundHandler())
	c := client(t, e)
	c.Transport.(*http.Transport).TLSClientConfig.RootCAs = x509.NewCertPool()
	c.Transport.(*http.Transport).TLSClientConfig.RootCAs.AppendCertsFromPEM(other.CA)
	if resp, err := c.Get("https://sts.amazonaws.com/"); err == nil {
		_ = resp.Body.Close()
		t.Error("trusted by another authority")
	}
}
