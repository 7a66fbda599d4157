package browser

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"fob/internal/delivery"
	"fob/internal/delivery/endpoint"
	"fob/internal/delivery/imds"
	"fob/internal/fob"
	"fob/test/skip"
)

// attempts is a page that tries to get at an endpoint in each way that pages have,
// even with the token in hand, and shows how each ended.
const attempts = `<!doctype html><meta name=referrer content=no-referrer><h1>Evil</h1><p id=text></p><iframe name=frame></iframe><script>
(async () => {
	const results = [], base = BASE, auth = {Authorization: "TOKEN"};
	const ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "60"};
	for (const path of ["/credentials/prod", "/latest/api/token", "/latest/meta-data/iam/security-credentials/prod"])
		for (const method of ["GET", "PUT", "POST"]) for (const mode of ["cors", "no-cors", "same-origin"])
			for (const headers of [auth, ttl, {}]) for (const credentials of ["include", "omit"])
				await fetch(base + path, {method, mode, headers, credentials}).then(async r => results.push(r.type + r.status + await r.text()), () => results.push("no"));
	const to = base + "/credentials/prod";
	for (const tag of ["img", "script", "iframe", "embed", "object", "link", "video"]) results.push(await new Promise(done => {
		const e = document.createElement(tag);
		e.onload = () => done(tag + (e.contentDocument ? e.contentDocument.body.innerText : " loaded"));
		e.onerror = () => done("no");
		e.rel = "stylesheet";
		e.data = e.href = e.src = to + "?" + tag;
		document.body.append(e);
		setTimeout(() => done("late"), 500);
	}));
	results.push(await new Promise(done => { const s = new EventSource(to); s.onmessage = s.onopen = () => done("event"); s.onerror = () => { s.close(); done("no"); }; }));
	results.push(await new Promise(done => { const s = new WebSocket(to.replace("http", "ws")); s.onopen = () => done("socket"); s.onerror = () => done("no"); }));
	navigator.sendBeacon(to, "{}");
	for (const method of ["GET", "POST"]) await new Promise(done => {
		const form = document.createElement("form");
		form.method = method; form.action = to; form.target = "frame";
		document.body.append(form);
		document.querySelector("[name=frame]").onload = done;
		form.submit();
		setTimeout(done, 1000);
	});
	document.getElementById("text").innerText = results.join("\n");
	document.getElementById("text").innerHTML += "<b id=done>tried</b>";
})();
</script>`

// marked is in what nobody is to see.
const marked = "ASIAMARKED"

// serving runs a way on loopback over an agent that counts how often it is asked.
func serving(t *testing.T, way delivery.Way) (ready fob.Delivery, asked *atomic.Int32) {
	t.Helper()
	asked = &atomic.Int32{}
	ctx, cancel := context.WithCancel(t.Context())
	done, ended := make(chan fob.Delivery, 1), make(chan error, 1)
	go func() {
		ended <- way.Run(ctx, fob.Task{
			Requests: []fob.Request{{Profile: "prod"}}, Options: map[string][]string{"force": {""}}, RunDir: t.TempDir(), Tell: func(string) {},
			Deliver: func(context.Context, fob.Request) (fob.Delivery, error) {
				asked.Add(1)
				return fob.Delivery{Stdout: `{"AccessKeyId":"` + marked + `"}`}, nil
			},
			Ready: func(d fob.Delivery) error { done <- d; return nil },
		})
	}()
	t.Cleanup(func() { cancel(); <-ended })
	select {
	case ready = <-done:
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	return ready, asked
}

// Nobody's page gets credentials, from whatever address, nor by binding a name to
// this machine; not even one that knows the token.
func TestServedCredentialsFromPages(t *testing.T) {
	t.Parallel()
	for _, way := range []delivery.Way{endpoint.Way(), imds.Way()} {
		t.Run(way.Name, func(t *testing.T) {
			t.Parallel()
			ready, asked := serving(t, way)
			first, _, _ := strings.Cut(ready.Stdout, "\n")
			_, uri, _ := strings.Cut(first, "=")
			own, err := url.Parse(uri)
			if err != nil {
				t.Fatal(err)
			}
			var token string
			if _, file, ok := strings.Cut(ready.Stdout, "TOKEN_FILE="); ok {
				text, err := os.ReadFile(strings.TrimSpace(file))
				if err != nil {
					t.Fatal(err)
				}
				token = string(text)
			}
			evil := func(base string) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					_, _ = io.WriteString(w, strings.NewReplacer("BASE", base, "TOKEN", token).Replace(attempts))
				})
			}
			page1 := httptest.NewServer(evil(`"http://` + own.Host + `"`))
			t.Cleanup(page1.Close)
			_, otherPort, _ := net.SplitHostPort(strings.TrimPrefix(page1.URL, "http://"))
			rebound := rebinding(t, own, evil("location.origin"))
			ctx, cancel := context.WithTimeout(page(t, "evil.test", "rebound.test "+rebound), 5*time.Minute)
			defer cancel()
			for _, from := range []string{page1.URL, "http://evil.test:" + otherPort, "http://localhost:" + otherPort, "http://rebound.test:" + own.Port() + "/evil"} {
				if err := chromedp.Do(ctx, chromedp.Navigate(from), chromedp.WaitVisible("#done")); err != nil {
					t.Fatal(from, err)
				}
				text, err := chromedp.Run(ctx, chromedp.Text("body"))
				if err != nil || strings.Contains(text, marked) || strings.Contains(text, "basic200") || strings.Contains(text, "cors200") {
					t.Errorf("from %s: %v %s", from, err, text)
				}
				if !strings.Contains(text, "no") {
					t.Errorf("from %s: nothing was tried: %s", from, text)
				}
			}
			// It is the first answer that is there still: nobody has had another one
			// since, and that is forgotten after a second.
			if n := asked.Load(); n != 1 {
				t.Errorf("the agent was asked %d times", n)
			}
			control(t, way.Name, own, token)
			if n := asked.Load(); n < 2 {
				t.Error("the agent is never asked")
			}
		})
	}
}

// rebinding is a name's first address: it shows a page, and then stands for the
// server at the same port of 127.0.0.1, whose address the name has got.
func rebinding(t *testing.T, own *url.URL, evil http.Handler) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.2:"+own.Port())
	if err != nil {
		skip.Because(t, skip.NoSecondLoopback)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: own.Host})
		r.Out.Host = r.In.Host
	}}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/evil" {
			evil.ServeHTTP(w, r)
			return
		}
		forward.ServeHTTP(w, r)
	})}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return "127.0.0.2"
}

// control asks as an SDK does, and must have an answer.
func control(t *testing.T, way string, own *url.URL, token string) {
	t.Helper()
	ask := func(method, path, name, value string) string {
		req, _ := http.NewRequest(method, "http://"+own.Host+path, nil)
		req.Header.Set(name, value)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return string(text)
	}
	text := ""
	if way == "imds" {
		token = ask("PUT", "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds", "60")
		text = ask("GET", "/latest/meta-data/iam/security-credentials/prod", "X-aws-ec2-metadata-token", token)
	} else {
		text = ask("GET", "/credentials/prod", "Authorization", token)
	}
	if !strings.Contains(text, marked) {
		t.Errorf("an SDK gets nothing either: %q", text)
	}
}
