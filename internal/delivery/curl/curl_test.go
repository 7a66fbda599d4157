package curl_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fob/internal/delivery/curl"
	"fob/internal/fob"
	"fob/test/leak"
	"fob/test/signer"
)

// result is the outcome of a run.
type result struct {
	out, errs string
	told      []string
	err       error
}

// run runs the delivery with options given as name, value, …
func run(t *testing.T, ctx context.Context, url string, stdin io.Reader, options ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	var r result
	task := fob.Task{
		Requests: []fob.Request{{Profile: "prod"}}, Args: []string{url},
		Options: map[string][]string{"method": {"GET"}, "service": {"es"}, "max-redirs": {"10"}},
		Deliver: signer.Deliver, Tell: func(text string) { r.told = append(r.told, text) },
		In: stdin, Out: &out, Err: &errs, RunDir: t.TempDir(),
	}
	seen := map[string]bool{}
	for i := 0; i < len(options); i += 2 {
		if !seen[options[i]] {
			task.Options[options[i]] = nil
		}
		seen[options[i]] = true
		task.Options[options[i]] = append(task.Options[options[i]], options[i+1])
	}
	r.err = curl.Way().Run(ctx, task)
	r.out, r.errs = out.String(), errs.String()
	if leak.In([]byte(r.out + r.errs + strings.Join(r.told, "") + fmt.Sprint(r.err))) {
		t.Error("a secret was printed")
	}
	return r
}

func upstream(t *testing.T, answer http.HandlerFunc) (*signer.Upstream, string) {
	u := &signer.Upstream{Answer: answer}
	srv := httptest.NewServer(u)
	t.Cleanup(srv.Close)
	return u, srv.URL
}

func TestRequest(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("of a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	large := strings.Repeat("0123456789", 200000)
	for _, tt := range []struct {
		name         string
		options      []string
		stdin        string
		method, body string
		headers      string // as sent: name=value, …
	}{
		{"plain", nil, "", "GET", "", "Accept=*/* User-Agent=fob Content-Type= Content-Length="},
		{"body", []string{"method", "POST", "body", "a=b", "header", "Content-Type: x/y"}, "", "POST", "a=b", "Content-Type=x/y Content-Length=3"},
		{"empty body", []string{"method", "POST", "body", ""}, "", "POST", "", "Content-Length=0"},
		{"no body", []string{"method", "POST"}, "", "POST", "", "Content-Length=0"},
		{"file", []string{"method", "PUT", "file", file}, "", "PUT", "of a file\n", "Content-Length=10"},
		{"unsigned file", []string{"method", "PUT", "file", file, "unsigned-payload", "", "service", "s3"}, "", "PUT", "of a file\n", "X-Amz-Content-Sha256=UNSIGNED-PAYLOAD"},
		{"pipe", []string{"method", "PUT", "file", "-"}, large, "PUT", large, "Content-Length=2000000"},
		{"headers", []string{"header", "Accept:", "header", "X-A: b", "header", "x-a: c", "header", "X-Empty;", "header", "User-Agent:", "header", "X-Amz-Target: T"}, "", "GET", "", "Accept= X-A=b,c X-Empty= User-Agent= X-Amz-Target=T"},
		{"agent", []string{"user-agent", "me"}, "", "GET", "", "User-Agent=me"},
		{"compressed", []string{"compressed", ""}, "", "GET", "", "Accept-Encoding=gzip"},
	} {
		u, url := upstream(t, nil)
		r := run(t, t.Context(), url+"/a%20b//x/../y?b=2&a=1&a=0&k#gone", strings.NewReader(tt.stdin), tt.options...)
		sent := u.Take()
		if r.err != nil || len(sent) != 1 || sent[0].Err != nil || sent[0].RequestURI != "/a%20b//x/../y?b=2&a=1&a=0&k" || sent[0].Method != tt.method || string(sent[0].Content) != tt.body {
			t.Errorf("%s: %v %v", tt.name, r.err, sent)
			continue
		}
		for _, want := range strings.Fields(tt.headers) {
			name, value, _ := strings.Cut(want, "=")
			got := strings.Join(sent[0].Header.Values(name), ",")
			if name == "Content-Length" && sent[0].ContentLength >= 0 && value != "" {
				got = fmt.Sprint(sent[0].ContentLength)
			}
			if got != value {
				t.Errorf("%s: %s is %q", tt.name, name, got)
			}
		}
	}
}

func TestWrongRequests(t *testing.T) {
	t.Parallel()
	u, url := upstream(t, nil)
	for _, tt := range []struct {
		url     string
		options []string
	}{
		{"ftp://x/", nil}, {url + "/a b", nil}, {url + "/%", nil}, {"https://", nil}, {"http://u:p@127.0.0.1/", nil}, {url + "/?X-Amz-Signature=x", nil},
		{url, []string{"header", "Authorization: Bearer x"}}, {url, []string{"header", "Content-Length: 3"}}, {url, []string{"header", "A B: c"}}, {url, []string{"header", "A: b\nC: d"}},
		{url, []string{"method", "G T"}}, {url, []string{"file", "/no/such/file"}}, {url, []string{"file", "/"}}, {url, []string{"max-time", "x"}}, {url, []string{"max-time", "-1"}},
		{url, []string{"retry", "-1"}}, {url, []string{"retry", "1.5"}}, {url, []string{"write-out", "%{nothing}"}}, {url, []string{"write-out", "%{http_code"}},
		{url, []string{"cacert", "/no/such/file"}}, {url + "/", []string{"remote-name", ""}}, {url, []string{"service", ""}},
	} {
		if r := run(t, t.Context(), tt.url, nil, tt.options...); !errors.Is(r.err, fob.ErrUsage) {
			t.Errorf("%s %q: %v", tt.url, tt.options, r.err)
		}
	}
	for _, s := range u.Take() {
		if s.URL.Path != "/" { // only the request with a file name was sent
			t.Error("sent:", s)
		}
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, url := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/x")
		w.Header().Set("X-Esc", "a\u0085b")
		if r.URL.Path == "/missing" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, "answer\x1b[0m")
	})
	const answer = "answer\x1b[0m"
	r := run(t, t.Context(), url, nil, "write-out", `%{http_code} %{content_type} %{size_download}%%\n`)
	if r.err != nil || r.out != answer+"200 text/x 10%\n" {
		t.Errorf("%q %v", r.out, r.err)
	}
	r = run(t, t.Context(), url+"/missing", nil, "include", "")
	if r.err != nil || !strings.HasPrefix(r.out, "HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n") || !strings.HasSuffix(r.out, "\r\n\r\n"+answer) {
		t.Errorf("%q %v", r.out, r.err)
	}
	r = run(t, t.Context(), url, nil, "head", "", "method", "HEAD")
	if r.err != nil || !strings.HasSuffix(r.out, "\r\n\r\n") {
		t.Errorf("%q %v", r.out, r.err)
	}
	// An existing output file keeps its content if the answer is an error.
	file := filepath.Join(dir, "out")
	if err := os.WriteFile(file, []byte("before, and longer"), 0o600); err != nil {
		t.Fatal(err)
	}
	r = run(t, t.Context(), url+"/missing", nil, "output", file, "fail", "", "write-out", "%{response_code}")
	if text, _ := os.ReadFile(file); !errors.Is(r.err, fob.ErrRefused) || string(text) != "before, and longer" || r.out != "404" {
		t.Errorf("%q %q %v", text, r.out, r.err)
	}
	r = run(t, t.Context(), url+"/missing", nil, "fail-with-body", "")
	if !errors.Is(r.err, fob.ErrRefused) || r.out != answer {
		t.Errorf("%q %v", r.out, r.err)
	}
	r = run(t, t.Context(), "http://127.0.0.1:1/", nil, "output", file)
	if text, _ := os.ReadFile(file); !errors.Is(r.err, fob.ErrNetwork) || string(text) != "before, and longer" {
		t.Errorf("%q %v", text, r.err)
	}
	r = run(t, t.Context(), url, nil, "output", file, "fail", "")
	if text, _ := os.ReadFile(file); r.err != nil || string(text) != answer || r.out != "" {
		t.Errorf("%q %q %v", text, r.out, r.err)
	}
	t.Run("verbose", func(t *testing.T) {
		r := run(t, t.Context(), url, nil, "verbose", "")
		for _, want := range []string{"> GET /\n", "Signature=[secret]\n", "X-Amz-Security-Token: [secret]\n", "< HTTP/1.1 200 OK\n", "X-Esc: a\uFFFDb"} {
			if !strings.Contains(r.errs, want) {
				t.Errorf("%q is not in %s", want, r.errs)
			}
		}
	})
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	other, otherURL := upstream(t, nil)
	u, url := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		code := http.StatusFound
		if r.URL.Query().Get("code") != "" {
			_, _ = fmt.Sscan(r.URL.Query().Get("code"), &code)
		}
		switch r.URL.Path {
		case "/relative":
			w.Header().Set("Location", "end")
		case "/same":
			w.Header().Set("Location", "http://"+r.Host+"/a%2Fb//end#x")
		case "/other":
			w.Header().Set("Location", otherURL+"/stolen?secret")
		case "/scheme":
			w.Header().Set("Location", "https://"+r.Host+"/")
		case "/loop":
			w.Header().Set("Location", "/loop")
		default:
			return
		}
		w.WriteHeader(code)
	})
	for _, tt := range []struct {
		path string
		end  string
		want error
	}{
		{"/relative", "/end", nil}, {"/same", "/a%2Fb//end", nil}, {"/other", "/other", fob.ErrRefused}, {"/scheme", "/scheme", fob.ErrRefused}, {"/loop", "/loop", fob.ErrRefused},
	} {
		r := run(t, t.Context(), url+tt.path, nil, "location", "")
		sent := u.Take()
		if !errors.Is(r.err, tt.want) || len(sent) == 0 || sent[len(sent)-1].RequestURI != tt.end || r.err != nil && (fob.HintOf(r.err) == "" || strings.Contains(r.err.Error(), "secret")) {
			t.Errorf("%s: %v %v", tt.path, r.err, sent)
		}
		if tt.path == "/loop" && len(sent) != 11 {
			t.Error(len(sent), "requests")
		}
		if r := run(t, t.Context(), url+tt.path, nil); r.err != nil || len(u.Take()) != 1 {
			t.Errorf("%s without -L: %v", tt.path, r.err)
		}
	}
	if sent := other.Take(); len(sent) > 0 {
		t.Error("a signature went to another server")
	}
	for _, tt := range []struct {
		code, method, asked string
		want                string
	}{
		{"301", "POST", "", "GET"}, {"302", "POST", "", "GET"}, {"303", "POST", "", "GET"}, {"307", "POST", "", "POST"}, {"308", "PUT", "", "PUT"},
		{"302", "PUT", "", "PUT"}, {"303", "PUT", "", "GET"}, {"302", "POST", "POST", "POST"}, {"303", "HEAD", "", "HEAD"},
	} {
		options := []string{"method", tt.method, "location", ""}
		if tt.method != "HEAD" {
			options = append(options, "body", "x", "header", "Content-Type: a/b")
		}
		if tt.asked != "" {
			options = append(options, "request", "")
		}
		r := run(t, t.Context(), url+"/relative?code="+tt.code, nil, options...)
		sent := u.Take()
		if r.err != nil || len(sent) != 2 || sent[1].Method != tt.want || (string(sent[1].Content) == "x") != (tt.want == "POST" || tt.want == "PUT") || (tt.want == "GET") != (sent[1].Header.Get("Content-Type") == "") && tt.want != "HEAD" {
			t.Errorf("%+v: %v %v", tt, r.err, sent)
		}
	}
}

// retry runs against a new server, and returns how long that took.
func retry(t *testing.T, answer http.HandlerFunc, options ...string) (result, time.Duration) {
	_, url := upstream(t, answer)
	began := time.Now()
	r := run(t, t.Context(), url, nil, options...)
	return r, time.Since(began)
}

func TestRetry(t *testing.T) {
	t.Parallel()
	n := 0
	r, took := retry(t, func(w http.ResponseWriter, _ *http.Request) {
		if n++; n == 1 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		_, _ = io.WriteString(w, "at last")
	}, "retry", "3", "write-out", " %{num_retries}")
	if r.err != nil || r.out != "at last 1" || n != 2 || len(r.told) == 0 || took < time.Second {
		t.Errorf("%q %v %v %v", r.out, r.err, r.told, took)
	}
	n = 0
	r, _ = retry(t, func(w http.ResponseWriter, _ *http.Request) { n++; w.WriteHeader(http.StatusNotFound) }, "retry", "3")
	if r.err != nil || n != 1 {
		t.Error("an answer that will not change was asked for again", n)
	}
	// --max-time ends the wait before a retry too, and cancelling the context ends it at once.
	r, took = retry(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, "retry", "9", "max-time", "0.2")
	if !errors.Is(r.err, fob.ErrNetwork) || took > time.Minute {
		t.Error(r.err, took)
	}
	_, url := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	if r := run(t, t.Context(), url, nil, "max-time", "0.2"); !errors.Is(r.err, fob.ErrNetwork) {
		t.Error(r.err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if r := run(t, ctx, url, nil); r.err == nil {
		t.Error("it went on")
	}
}

// If an answer is cut off, the part received is written, and the error is reported.
func TestCutAnswer(t *testing.T) {
	t.Parallel()
	_, url := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "some")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	file := filepath.Join(t.TempDir(), "out")
	r := run(t, t.Context(), url, nil, "output", file, "retry", "3")
	if text, _ := os.ReadFile(file); !errors.Is(r.err, fob.ErrNetwork) || string(text) != "some" || len(r.told) > 0 {
		t.Errorf("%q %v", text, r.err)
	}
}
