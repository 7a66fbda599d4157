package loopback

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func once(t *testing.T, w Want) *OneShot {
	t.Helper()
	o, err := Once(w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

func redirected() Want {
	return Want{Method: http.MethodGet, Path: "/oauth/callback", State: "the-state"}
}

// posted is what SAML needs: POST, without a state.
func posted() Want { return Want{Method: http.MethodPost, Path: "/saml"} }

// visit sends the request that change prepares, and returns the status and the page.
func visit(t *testing.T, o *OneShot, change func(*http.Request)) (int, string) {
	t.Helper()
	req, err := http.NewRequest(o.want.Method, o.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	change(req)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func withQuery(query string, headers ...string) func(*http.Request) {
	return func(r *http.Request) {
		r.URL.RawQuery = query
		setHeaders(r, headers)
	}
}

func withForm(body string, headers ...string) func(*http.Request) {
	return func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		setHeaders(r, headers)
	}
}

func setHeaders(r *http.Request, headers []string) {
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
}

type attempt struct {
	status int
	change func(*http.Request)
}

// refuse sends attempts that must be refused, with pages that repeat none of them. Then it sends
// the right request, which must still be accepted.
func refuse(t *testing.T, o *OneShot, attempts map[string]attempt, right func(*http.Request), want url.Values) {
	t.Helper()
	for name, a := range attempts {
		status, page := visit(t, o, a.change)
		if status != a.status || strings.Contains(page, "planted") || strings.Contains(page, "Signed in") {
			t.Errorf("%s: %d %s", name, status, page)
		}
	}
	if status, page := visit(t, o, right); status != 200 || !strings.Contains(page, "Signed in") {
		t.Fatalf("the right one: %d %s", status, page)
	}
	got, err := o.Wait(t.Context())
	if err != nil || got.Encode() != want.Encode() {
		t.Fatal(got, err)
	}
}

// The headers that a browser sends with a navigation started by another site.
func navigation(more ...string) []string {
	return append([]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, more...)
}

func TestOnceRefusesRedirects(t *testing.T) {
	t.Parallel()
	const good = "code=planted&state=the-state"
	o := once(t, redirected())
	refuse(t, o, map[string]attempt{
		"another state":  {403, withQuery("code=planted&state=other")},
		"a longer state": {403, withQuery("code=planted&state=the-state2")},
		"no state":       {403, withQuery("code=planted")},
		"nothing":        {403, withQuery("")},
		"a denial":       {403, withQuery("error=access_denied&state=<script>planted</script>")},
		"state twice":    {400, withQuery("code=planted&state=the-state&state=other")},
		"code twice":     {400, withQuery("code=planted&code=other&state=the-state")},
		"no query":       {400, withQuery("code=%zz&state=the-state")},
		"semicolons":     {400, withQuery("code=planted;state=the-state")},
		"another path":   {404, func(r *http.Request) { r.URL.Path, r.URL.RawQuery = "/", good }},
		"escaped path":   {404, func(r *http.Request) { r.URL.RawPath, r.URL.RawQuery = "/oauth%2Fcallback", good }},
		"longer path":    {404, func(r *http.Request) { r.URL.Path, r.URL.RawQuery = "/oauth/callback/", good }},
		"another host":   {404, func(r *http.Request) { r.Host, r.URL.RawQuery = "evil.test", good }},
		"another port":   {404, func(r *http.Request) { r.Host, r.URL.RawQuery = "127.0.0.1", good }},
		"another name": {404, func(r *http.Request) {
			r.Host, r.URL.RawQuery = strings.Replace(r.URL.Host, "127.0.0.1", "localhost", 1), good
		}},
		"a form":    {404, func(r *http.Request) { r.Method, r.URL.RawQuery = "POST", good }},
		"HEAD":      {404, func(r *http.Request) { r.Method, r.URL.RawQuery = "HEAD", good }},
		"preflight": {404, func(r *http.Request) { r.Method, r.URL.RawQuery = "OPTIONS", good }},
		"a fetch":   {404, withQuery(good, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "empty")},
		"an image":  {404, withQuery(good, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image")},
		"a frame":   {404, withQuery(good, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe")},
		"a script":  {404, withQuery(good, "Origin", "https://evil.test")},
		"said twice": {404, func(r *http.Request) {
			r.URL.RawQuery = good
			r.Header["Sec-Fetch-Mode"] = []string{"navigate", "cors"}
		}},
	}, withQuery("code=right&state=the-state", navigation()...), url.Values{"code": {"right"}, "state": {"the-state"}})
}

func TestOnceRefusesForms(t *testing.T) {
	t.Parallel()
	const good = "SAMLResponse=planted&RelayState=x"
	o := once(t, posted())
	refuse(t, o, map[string]attempt{
		"a redirect":    {404, func(r *http.Request) { r.Method, r.URL.RawQuery = "GET", good }},
		"JSON":          {415, withForm(good, "Content-Type", "application/json")},
		"plain text":    {415, withForm(good, "Content-Type", "text/plain")},
		"multipart":     {415, withForm(good, "Content-Type", "multipart/form-data; boundary=x")},
		"no type":       {415, withForm(good, "Content-Type", "")},
		"twice":         {400, withForm("SAMLResponse=planted&SAMLResponse=other")},
		"no form":       {400, withForm("SAMLResponse=%zz")},
		"too long":      {413, withForm("SAMLResponse=" + strings.Repeat("A", onceBody))},
		"a fetch":       {404, withForm(good, "Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty")},
		"a blind fetch": {404, withForm(good, "Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "empty")},
		"a frame":       {404, withForm(good, "Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe")},
		"another host": {404, func(r *http.Request) {
			withForm(good)(r)
			r.Host = "evil.test"
		}},
	}, withForm("SAMLResponse="+strings.Repeat("A", 100_000), navigation("Origin", "https://idp.example")...),
		url.Values{"SAMLResponse": {strings.Repeat("A", 100_000)}})
}

// A form may have a state too, which is then in the body and not in the URL.
func TestOnceFormWithState(t *testing.T) {
	t.Parallel()
	w := posted()
	w.State = "the-state"
	o := once(t, w)
	refuse(t, o, map[string]attempt{
		"in the address": {403, func(r *http.Request) {
			withForm("code=planted")(r)
			r.URL.RawQuery = "state=the-state"
		}},
	}, withForm("code=right&state=the-state"), url.Values{"code": {"right"}, "state": {"the-state"}})
}

func TestOnceDenied(t *testing.T) {
	t.Parallel()
	o := once(t, redirected())
	if status, page := visit(t, o, withQuery("error=access_denied&state=the-state")); status != 200 || !strings.Contains(page, "Denied") {
		t.Error(status, page)
	}
	if v, err := o.Wait(t.Context()); err != nil || v.Get("error") != "access_denied" {
		t.Error(v, err)
	}
}

// Of many simultaneous answers with the right state only one is accepted.
func TestOnceOnly(t *testing.T) {
	t.Parallel()
	o := once(t, redirected())
	var taken, over atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			switch status, _ := visit(t, o, withQuery("code=c&state=the-state")); status {
			case http.StatusOK:
				taken.Add(1)
			case http.StatusGone:
				over.Add(1)
			}
		})
	}
	all.Wait()
	if taken.Load() != 1 || over.Load() != 49 {
		t.Fatalf("%d were taken, %d told that it is over", taken.Load(), over.Load())
	}
}

// If the server is closed as soon as the answer is there, the browser still gets its page.
func TestOnceAnswersBeforeItCloses(t *testing.T) {
	t.Parallel()
	for range 20 {
		o := once(t, redirected())
		done := make(chan string)
		go func() {
			_, page := visit(t, o, withQuery("code=c&state=the-state"))
			done <- page
		}()
		if _, err := o.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		o.Close()
		if page := <-done; !strings.Contains(page, "Signed in") || !strings.HasSuffix(page, "</p>") {
			t.Fatal(page)
		}
	}
}

// After the wait was cancelled nothing listens any more.
func TestOnceGivenUp(t *testing.T) {
	t.Parallel()
	o := once(t, redirected())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := o.Wait(ctx); err == nil {
		t.Fatal(v)
	}
	o.Close()
	if address, err := url.Parse(o.URL()); err != nil || address.Hostname() != "127.0.0.1" {
		t.Fatal(address, err)
	}
	if resp, err := http.Get(o.URL()); err == nil {
		resp.Body.Close()
		t.Fatal("somebody still listens")
	}
}

// A registered port is reachable under every address of localhost.
func TestOnceAtAPort(t *testing.T) {
	t.Parallel()
	var o *OneShot
	for range 20 { // another program may take the port first
		free, err := Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		w := posted()
		w.Port = free.Addr().(*net.TCPAddr).Port
		free.Close()
		if o, err = Once(w); err == nil {
			break
		}
	}
	if o == nil {
		t.Fatal("no port is free")
	}
	defer o.Close()
	port := strconv.Itoa(o.want.Port)
	if o.URL() != "http://localhost:"+port+"/saml" {
		t.Fatal(o.URL())
	}
	if other, err := Once(o.want); err == nil {
		other.Close()
		t.Error("the port was taken twice")
	}
	hosts := []string{"127.0.0.1"}
	if v6, err := Listen("[::1]:0"); err == nil {
		v6.Close()
		hosts = append(hosts, "::1")
	}
	for i, host := range hosts {
		status, _ := visit(t, o, func(r *http.Request) {
			withForm("SAMLResponse=x")(r)
			r.URL.Host, r.Host = net.JoinHostPort(host, port), "localhost:"+port
		})
		if want := []int{200, 410}[i]; status != want {
			t.Errorf("%s: %d", host, status)
		}
	}
}

// A body that never arrives is not waited for, and the request is not accepted.
func TestOnceWaitsForNoBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOneShot(posted(), "localhost:1")
		near, far := net.Pipe()
		go o.server.Serve(&oneConn{conn: far, closed: make(chan struct{})})
		go io.WriteString(near, "POST /saml HTTP/1.1\r\nHost: localhost:1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 40\r\n\r\nSAMLResponse=planted")
		start := time.Now()
		resp, err := http.ReadResponse(bufio.NewReader(near), nil)
		if err != nil || resp.StatusCode != http.StatusBadRequest || time.Since(start) != onceTime {
			t.Error(resp, err, time.Since(start))
		}
		near.Close()
		o.Close()
		if len(o.values) != 0 {
			t.Error("half an answer counts")
		}
	})
}

// oneConn is a listener that accepts one connection.
type oneConn struct {
	conn   net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *oneConn) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return c, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}
func (l *oneConn) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// For any input: the page is one of fob's fixed pages, and only a request that passes all checks is
// accepted.
func FuzzOnce(f *testing.F) {
	for _, text := range []string{
		"GET /oauth/callback?code=c&state=the-state HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n",
		"GET /oauth/callback?code=c&state=the-state HTTP/1.1\r\nHost: 127.0.0.1:1\r\nSec-Fetch-Mode: cors\r\n\r\n",
		"GET http://127.0.0.1:1/oauth/callback?state=the-state HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n",
		"GET /oauth/callback?state=the-state&state=x HTTP/1.1\r\nHost: 127.0.0.1:1\r\nOrigin: null\r\n\r\n",
		"POST /oauth/callback HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 22\r\n\r\ncode=c&state=the-state",
	} {
		f.Add([]byte(text))
	}
	pages := onceTitles()
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
		if err != nil {
			return
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			w := redirected()
			w.Method = method
			o := newOneShot(w, "127.0.0.1:1")
			rec := httptest.NewRecorder()
			o.ServeHTTP(rec, r)
			title, _, _ := strings.Cut(rec.Body.String(), "</title>")
			_, title, _ = strings.Cut(title, "<title>fob: ")
			if status, known := pages[title]; !known || !status[rec.Code] || rec.Header().Get("Content-Security-Policy") == "" {
				t.Errorf("%d %q", rec.Code, rec.Body)
			}
			select {
			case v := <-o.values:
				mode := r.Header.Get("Sec-Fetch-Mode")
				if rec.Code != http.StatusOK || r.Method != method || r.Host != o.host || r.URL.Path != w.Path || v.Get("state") != w.State || mode != "" && mode != "navigate" {
					t.Errorf("%d, %+v counts: %v", rec.Code, r, v)
				}
				for key, all := range maps.All(v) {
					if len(all) != 1 {
						t.Errorf("%s is there %d times", key, len(all))
					}
				}
			default:
				if rec.Code == http.StatusOK {
					t.Error("it was taken, and nobody told")
				}
			}
		}
	})
}

// onceTitles maps the titles of the pages to the statuses that each may have.
func onceTitles() map[string]map[int]bool {
	return map[string]map[int]bool{
		"Not found": {404: true}, "Not understood": {400: true, 413: true, 415: true},
		"Another sign-in": {403: true}, "Denied": {200: true}, "Signed in": {200: true},
	}
}
