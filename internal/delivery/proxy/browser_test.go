package proxy_test

import (
	"net/url"
	"strings"
	"testing"
)

// The link of --browser admits one browser, under a host name of its own.
func TestBrowserLink(t *testing.T) {
	t.Parallel()
	u, address := upstream(t, nil)
	p := start(t, "to", address, "service", "es", "browser", "")
	link, err := url.Parse(p.link)
	if err != nil || !strings.HasSuffix(link.Hostname(), ".localhost") || len(link.Hostname()) < 40 || len(link.Fragment) < 40 || link.RawQuery != "" {
		t.Fatal(link, err)
	}
	ask := func(method, target, host string, headers ...string) (int, string, string) {
		resp, body := raw(t, p.host, method+" "+target+" HTTP/1.1\r\nHost: "+host+"\r\n"+strings.Join(append(headers, "", ""), "\r\n"))
		return resp.StatusCode, resp.Header.Get("Set-Cookie"), body
	}
	origin := "Origin: http://" + link.Host
	enter := []string{"X-Fob-Link: " + link.Fragment, "Content-Length: 0"}
	if code, _, body := ask("GET", link.Path, link.Host); code != 200 || strings.Contains(body, link.Fragment) {
		t.Error(code, body)
	}
	for _, tt := range []struct {
		name, method, path, host string
		headers                  []string
		code                     int
	}{
		{"no origin", "POST", "/.fob/enter", link.Host, enter, 401},
		{"another's origin", "POST", "/.fob/enter", link.Host, append(enter, "Origin: http://evil.test"), 403},
		{"another name", "POST", "/.fob/enter", p.host, append(enter, "Origin: http://"+p.host), 401},
		{"a GET", "GET", "/.fob/enter", link.Host, append(enter, origin), 401},
		{"the page under another name", "GET", "/.fob/open", p.host, nil, 401},
		{"nothing yet", "GET", "/", link.Host, nil, 401},
	} {
		if code, cookie, _ := ask(tt.method, tt.path, tt.host, tt.headers...); code != tt.code || cookie != "" {
			t.Errorf("%s: %d %s", tt.name, code, cookie)
		}
	}
	code, cookie, _ := ask("POST", "/.fob/enter", link.Host, append(enter, origin)...)
	if code != 204 || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") || strings.Contains(cookie, "Domain") || strings.Contains(cookie, p.token) {
		t.Fatal(code, cookie)
	}
	if code, again, _ := ask("POST", "/.fob/enter", link.Host, append(enter, origin)...); code != 403 || again != "" {
		t.Error("the link works twice", code)
	}
	if len(u.Take()) > 0 {
		t.Fatal("something was forwarded")
	}
	pair, _, _ := strings.Cut(cookie, ";")
	if code, _, _ := ask("GET", "/x", link.Host, "Cookie: a=b; "+pair, "Referer: http://"+link.Host+"/y?z", origin, "Sec-Fetch-Site: same-origin"); code != 200 {
		t.Error(code)
	}
	if sent := u.Take(); len(sent) != 1 || sent[0].Header.Get("Cookie") != "a=b" || sent[0].Header.Get("Origin") != address || sent[0].Header.Get("Referer") != address+"/y?z" {
		t.Error(sent)
	}
	for name, headers := range map[string][]string{
		"another site":  {"Cookie: " + pair, "Sec-Fetch-Site: cross-site"},
		"another port":  {"Cookie: " + pair, "Sec-Fetch-Site: same-site", "Origin: http://" + link.Hostname() + ":1"},
		"another value": {"Cookie: " + pair + "x"},
		"two of them":   {"Cookie: fob-proxy=x; " + pair},
	} {
		if code, _, _ := ask("GET", "/x", link.Host, headers...); code != 401 && code != 403 {
			t.Error(name, code)
		}
	}
	if code, _, _ := ask("GET", "/x", p.host, "Cookie: "+pair); code != 401 {
		t.Error("the cookie is good under another name", code)
	}
	if len(u.Take()) > 0 {
		t.Error("something was forwarded")
	}
}
