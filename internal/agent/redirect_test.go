package agent

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fob/internal/principal"
)

func redirectTo(t *testing.T, state string) principal.Redirect {
	t.Helper()
	r, err := listenRedirect("/oauth/callback", state)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// visit asks for a path and query, and returns the status and the page.
func visit(t *testing.T, r principal.Redirect, change func(*http.Request)) (int, string) {
	t.Helper()
	req, err := http.NewRequest("GET", r.URL(), nil)
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

func withQuery(query string) func(*http.Request) {
	return func(req *http.Request) { req.URL.RawQuery = query }
}

// What is not the redirect of this sign-in is refused, repeats nothing of the
// request, and does not end the sign-in.
func TestRedirectOfAnotherSignIn(t *testing.T) {
	t.Parallel()
	r := redirectTo(t, "the-state")
	for name, c := range map[string]struct {
		status int
		change func(*http.Request)
	}{
		"another state": {403, withQuery("code=planted&state=other")},
		"no state":      {403, withQuery("code=planted")},
		"a denial":      {403, withQuery("error=access_denied&state=<script>planted</script>")},
		"state last":    {403, withQuery("code=planted&state=other&state=the-state")},
		"another path":  {404, func(req *http.Request) { req.URL.Path, req.URL.RawQuery = "/", "code=planted&state=the-state" }},
		"another host":  {404, func(req *http.Request) { req.Host, req.URL.RawQuery = "evil.test", "code=planted&state=the-state" }},
		"another name": {404, func(req *http.Request) {
			req.Host, req.URL.RawQuery = strings.Replace(req.URL.Host, "127.0.0.1", "localhost", 1), "code=planted&state=the-state"
		}},
		"a form": {404, func(req *http.Request) { req.Method, req.URL.RawQuery = "POST", "code=planted&state=the-state" }},
	} {
		status, page := visit(t, r, c.change)
		if status != c.status || strings.Contains(page, "planted") || strings.Contains(page, "Signed in") {
			t.Errorf("%s: %d %s", name, status, page)
		}
	}
	if status, _ := visit(t, r, withQuery("code=right&state=the-state")); status != 200 {
		t.Fatalf("the right one: %d", status)
	}
	query, err := r.Wait(t.Context())
	if err != nil || query.Get("code") != "right" {
		t.Fatal(query, err)
	}
}

// Of many redirects with the right state one counts.
func TestRedirectOnce(t *testing.T) {
	t.Parallel()
	r := redirectTo(t, "the-state")
	var taken atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if status, _ := visit(t, r, withQuery("code=c&state=the-state")); status == 200 {
				taken.Add(1)
			}
		})
	}
	all.Wait()
	if taken.Load() != 1 {
		t.Fatalf("%d redirects were taken", taken.Load())
	}
}

// A sign-in that was given up leaves no listener.
func TestRedirectGivenUp(t *testing.T) {
	t.Parallel()
	r := redirectTo(t, "the-state")
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if query, err := r.Wait(ctx); err == nil {
		t.Fatal(query)
	}
	r.Close()
	address, err := url.Parse(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	if address.Hostname() != "127.0.0.1" {
		t.Fatal(address)
	}
	if resp, err := http.Get(r.URL()); err == nil {
		resp.Body.Close()
		t.Fatal("somebody still listens")
	}
}
