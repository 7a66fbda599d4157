//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// proxy compares a request through fob proxy, which signs it, with the same one through
// the standard library's reverse proxy, in turn, over connections that stay open.
func proxy(b *bench, samples int) []row {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, strings.Repeat("x", 1000))
	}))
	defer upstream.Close()
	h := b.newHome(0, ownConfig)
	h.must("", "credentials", "bot") // so that nothing has to be retrieved
	file := filepath.Join(h.dir, "token")
	signing := launch(h.fob("proxy", "bot", "--to", upstream.URL, "--service", "execute-api", "--region", "eu-west-1", "--token-file", file), "")
	defer signing.stop()
	plain := launch(h.yardstick(b, "forwarder", upstream.URL).command(), "")
	defer plain.stop()
	token := string(must(os.ReadFile(file)))
	var rows []row
	for _, size := range []int{1 << 10, 256 << 10} {
		body := make([]byte, size)
		var direct, forwarded, signed []sample
		for i := range samples {
			d, f, s := post(upstream.URL, token, body), post(plain.url, token, body), post(signing.url, token, body)
			if i >= 20 { // connections and caches are warm
				direct, forwarded, signed = append(direct, d), append(forwarded, f), append(signed, s)
			}
		}
		what := fmt.Sprintf("a request of %d KiB", size>>10)
		rows = append(rows,
			ratio("fob proxy ÷ a plain reverse proxy, "+what, signed, forwarded, wall, 4),
			duration("  through fob proxy", signed),
			duration("  through the plain proxy", forwarded),
			duration("  direct", direct))
	}
	return rows
}

// post sends a request, by the default client and over its connections, and waits for
// the whole answer.
func post(url, token string, body []byte) sample {
	req := must(http.NewRequest(http.MethodPost, url+"/items?a=b", bytes.NewReader(body)))
	req.Header.Set("X-Fob-Token", token)
	began := time.Now()
	resp := must(http.DefaultClient.Do(req))
	_ = must(io.Copy(io.Discard, resp.Body))
	took := time.Since(began)
	check(resp.Body.Close())
	if resp.StatusCode != http.StatusOK {
		check(fmt.Errorf("the proxy answered %s", resp.Status))
	}
	return sample{wall: milliseconds(took)}
}
