package browser

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"fob/internal/delivery/proxy"
	"fob/internal/fob"
	"fob/test/signer"
)

// dashboards is a service with pages, an API and a WebSocket.
func dashboards(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Upgrade") != "":
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		sum := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n\x81\x05hello", base64.StdEncoding.EncodeToString(sum[:]))
		_ = rw.Flush()
		_, _ = io.Copy(io.Discard, conn)
	case r.URL.Path == "/app":
		_, _ = io.WriteString(w, `<!doctype html><h1>Dashboards</h1><p id=text></p><script>
			(async () => {
				const r = await fetch("/api", {method: "POST", headers: {"osd-xsrf": "true"}, body: "{}"});
				const text = await r.text();
				const ws = new WebSocket("ws://" + location.host + "/live");
				ws.onmessage = m => { document.getElementById("text").innerHTML = "<b id=done>" + text + " " + m.data + " " + document.cookie + "</b>"; };
			})();
		</script>`)
	case r.URL.Path == "/api":
		_, _ = io.WriteString(w, "signed by "+r.Header.Get("Authorization")[:16]+" for "+r.Header.Get("Origin"))
	case r.URL.Path == "/":
		http.Redirect(w, r, "http://"+r.Host+"/app", http.StatusFound)
	}
}

// startProxy runs fob proxy --browser before an upstream and returns its address
// and the link.
func startProxy(t *testing.T, u *signer.Upstream) (host, link, upstream string) {
	srv := httptest.NewServer(u)
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan fob.Delivery, 1), make(chan error, 1)
	go func() {
		ended <- proxy.Way().Run(ctx, fob.Task{
			Requests: []fob.Request{{Profile: "prod"}}, Options: map[string][]string{"to": {srv.URL}, "service": {"es"}, "browser": {""}},
			Deliver: signer.Deliver, Tell: func(string) {}, Ready: func(d fob.Delivery) error { ready <- d; return nil }, RunDir: t.TempDir(),
		})
	}()
	t.Cleanup(func() { cancel(); <-ended })
	select {
	case d := <-ready:
		return strings.TrimPrefix(strings.TrimSpace(d.Stdout), "http://"), d.URL, srv.URL
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	return "", "", ""
}

// A page of the forwarded server works in a browser: its own requests and its
// WebSocket are signed.
func TestProxyInARealBrowser(t *testing.T) {
	t.Parallel()
	u := &signer.Upstream{Answer: dashboards}
	_, link, upstream := startProxy(t, u)
	ctx, cancel := context.WithTimeout(page(t), 5*time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(link), chromedp.WaitVisible("#done")); err != nil {
		t.Fatal(err)
	}
	text, err := chromedp.Run(ctx, chromedp.Text("#done"))
	if err != nil || strings.TrimSpace(text) != "signed by AWS4-HMAC-SHA256 for "+upstream+" hello" {
		t.Errorf("%q %v", text, err)
	}
	for _, r := range u.Take() {
		if r.Err != nil || r.Header.Get("Cookie") != "" {
			t.Error(r)
		}
	}
	// The link works once.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(link), chromedp.WaitVisible("#text")); err != nil {
		t.Fatal(err)
	}
	for text = ""; !strings.Contains(text, "this link was used"); text, _ = chromedp.Run(ctx, chromedp.Text("#text")) {
		if ctx.Err() != nil {
			t.Fatalf("%q", text)
		}
	}
}

// Nobody else's page gets anything through, however it tries, also with the
// cookie in the browser.
func TestProxyFromOtherPages(t *testing.T) {
	t.Parallel()
	u := &signer.Upstream{Answer: dashboards}
	host, link, _ := startProxy(t, u)
	own, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.NewReplacer("TARGETS", r.URL.Query().Get("targets")).Replace(`<!doctype html><h1>Evil</h1><p id=text></p>
		<iframe name=frame></iframe><script>
		(async () => {
			for (const to of "TARGETS".split(",")) {
				for (const mode of ["cors", "no-cors"]) for (const method of ["GET", "POST"]) for (const credentials of ["include", "omit"])
					await fetch("http://" + to + "/api", {mode, method, credentials, body: method == "POST" ? "{}" : null}).catch(() => {});
				for (const tag of ["img", "script", "iframe", "embed"]) await new Promise(done => {
					const e = document.createElement(tag);
					e.onload = e.onerror = done;
					e.src = "http://" + to + "/api?" + tag;
					document.body.append(e);
					setTimeout(done, 500);
				});
				await new Promise(done => { const s = new EventSource("http://" + to + "/api"); s.onerror = () => { s.close(); done(); }; });
				await new Promise(done => { const s = new WebSocket("ws://" + to + "/live"); s.onmessage = s.onerror = done; });
				navigator.sendBeacon("http://" + to + "/api", "{}");
				const form = document.createElement("form");
				form.method = "POST"; form.action = "http://" + to + "/api"; form.target = "frame";
				document.body.append(form);
				await new Promise(done => { document.querySelector("[name=frame]").onload = done; form.submit(); setTimeout(done, 1000); });
			}
			document.getElementById("text").innerHTML = "<b id=done>tried</b>";
		})();
		</script>`))
	}))
	t.Cleanup(evil.Close)
	_, port, _ := strings.Cut(host, ":")
	ctx, cancel := context.WithTimeout(page(t, "evil.test"), 5*time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(link), chromedp.WaitVisible("#done")); err != nil {
		t.Fatal(err)
	}
	u.Take()
	targets := strings.Join([]string{host, own.Host, "localhost:" + port, "evil.test:" + port}, ",")
	_, evilPort, _ := strings.Cut(strings.TrimPrefix(evil.URL, "http://"), ":")
	for _, from := range []string{evil.URL, "http://evil.test:" + evilPort, "http://x.localhost:" + evilPort, "http://" + own.Hostname() + ":" + evilPort} {
		if err := chromedp.Do(ctx, chromedp.Navigate(from+"/?targets="+targets), chromedp.WaitVisible("#done")); err != nil {
			t.Fatal(from, err)
		}
		if got := u.Take(); len(got) > 0 {
			t.Errorf("from %s: %v", from, got)
		}
	}
	// A name that was bound to this machine.
	if err := chromedp.Do(ctx, chromedp.Navigate("http://evil.test:"+port+"/api")); err != nil {
		t.Fatal(err)
	}
	if text, err := chromedp.Run(ctx, chromedp.Text("body")); err != nil || !strings.Contains(text, "refused") || len(u.Take()) > 0 {
		t.Errorf("%q %v", text, err)
	}
}
