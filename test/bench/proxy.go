//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// proxy is what fob proxy adds to a request: the same upstream asked directly and
// through it in turn, over connections that stay open.
func proxy(b *bench, samples int) []row {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, strings.Repeat("x", 1000))
	}))
	defer upstream.Close()
	h := b.newHome(0, ownConfig)
	h.must("", "credentials", "bot") // so that nothing has to be retrieved
	file := filepath.Join(h.dir, "token")
	cmd := h.fob("proxy", "bot", "--to", upstream.URL, "--service", "execute-api", "--region", "eu-west-1", "--token-file", file)
	out := must(cmd.StdoutPipe())
	check(cmd.Start())
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}()
	address := strings.TrimSpace(must(bufio.NewReader(out).ReadString('\n')))
	token := string(must(os.ReadFile(file)))
	client := &http.Client{Transport: &http.Transport{}}
	ask := func(url string, body []byte) float64 {
		req := must(http.NewRequest(http.MethodPost, url+"/items?a=b", bytes.NewReader(body)))
		req.Header.Set("X-Fob-Token", token)
		began := time.Now()
		resp := must(client.Do(req))
		_ = must(io.Copy(io.Discard, resp.Body))
		took := time.Since(began).Seconds() * 1000
		check(resp.Body.Close())
		if resp.StatusCode != http.StatusOK {
			check(fmt.Errorf("the proxy answered %s", resp.Status))
		}
		return took
	}
	var rows []row
	for _, size := range []int{1 << 10, 256 << 10} {
		body := make([]byte, size)
		var direct, through []float64
		for i := range samples {
			d, p := ask(upstream.URL, body), ask(address, body)
			if i >= 20 { // connections and caches are warm
				direct, through = append(direct, d), append(through, p)
			}
		}
		slices.Sort(direct)
		slices.Sort(through)
		n := len(direct)
		what := fmt.Sprintf("proxy: added to a request of %d KiB, at the median (direct %.2f ms, p99 added %.2f ms)",
			size>>10, direct[n/2], through[n*99/100]-direct[n*99/100])
		r := limit(what, through[n/2]-direct[n/2], "ms", 1)
		if size > 1<<10 {
			r.budget, r.over = "", false // hashing and copying it is not the proxy's delay alone
		}
		rows = append(rows, r)
	}
	return rows
}
