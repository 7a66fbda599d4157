package remote_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fob/internal/fob"
	"fob/internal/sigv4"
	"fob/internal/sigv4/remote"
	"fob/test/signer"
)

func start(t *testing.T, u *signer.Upstream, service string) (*remote.Signer, string, http.RoundTripper) {
	srv := httptest.NewServer(u)
	t.Cleanup(srv.Close)
	transport, err := remote.Transport(remote.Wire{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &remote.Signer{Deliver: signer.Deliver, Request: fob.Request{Profile: "prod"}, Service: service, Now: time.Now}, srv.URL, transport
}

func send(t *testing.T, s *remote.Signer, via http.RoundTripper, m *remote.Message) (int, http.Header, string) {
	t.Helper()
	resp, err := s.Send(t.Context(), via, m)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

// If S3 says that a bucket is in another region, the request is signed again for that region, once,
// and later requests use it at once. A region that the user gave is not changed.
func TestRegionOfBucket(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"body", "header"} {
		u := &signer.Upstream{}
		u.Answer = func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.Header.Get("Authorization"), "/us-west-2/") {
				return
			}
			if how == "header" {
				w.Header().Set("X-Amz-Bucket-Region", "us-west-2")
				w.WriteHeader(http.StatusMovedPermanently)
				return
			}
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, "<Error><Code>AuthorizationHeaderMalformed</Code><Region>us-west-2</Region></Error>")
		}
		s, url, via := start(t, u, "s3")
		m := &remote.Message{Method: "PUT", URL: url + "/k", Body: remote.Bytes([]byte("abc"))}
		for _, want := range []int{2, 1} {
			code, _, _ := send(t, s, via, m)
			if sent := u.Take(); code != 200 || len(sent) != want || string(sent[want-1].Content) != "abc" {
				t.Error(how, code, sent)
			}
		}
		s, url, via = start(t, u, "s3")
		s.Region = "eu-west-1"
		code, _, text := send(t, s, via, &remote.Message{Method: "GET", URL: url + "/k"})
		if len(u.Take()) != 1 || code == 200 || how == "body" && !strings.HasPrefix(text, "<Error>") {
			t.Error(how, code, text)
		}
	}
}

// An invalid region in S3's answer is ignored, and an answer that names the region just used causes
// no second request.
func TestRegionOfNobody(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"x/../y", "eu-west-1", "", "us-west-2"} {
		u := &signer.Upstream{Answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Bucket-Region", region)
			w.WriteHeader(http.StatusForbidden)
		}}
		s, url, via := start(t, u, "s3")
		for i, want := range []int{map[bool]int{true: 2, false: 1}[region == "us-west-2"], 1} {
			code, _, _ := send(t, s, via, &remote.Message{Method: "GET", URL: url + "/k"})
			if n := len(u.Take()); code != 403 || n != want {
				t.Errorf("%q, request %d: %d after %d", region, i, code, n)
			}
		}
	}
}

// An answer from a cache has an old Date, which must not be used to correct the clock.
func TestClockOfCache(t *testing.T) {
	t.Parallel()
	old := time.Now().Add(-time.Hour)
	for name, answer := range map[string]http.HandlerFunc{
		"its age": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", old.UTC().Format(http.TimeFormat))
			w.Header().Set("Age", "3600")
			w.WriteHeader(403)
			_, _ = io.WriteString(w, "Signature expired")
		},
		"another refusal": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", old.UTC().Format(http.TimeFormat))
			w.WriteHeader(403)
			_, _ = io.WriteString(w, "AccessDenied")
		},
		"far off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().AddDate(1, 0, 0).UTC().Format(http.TimeFormat))
			w.WriteHeader(403)
			_, _ = io.WriteString(w, "Signature expired")
		},
	} {
		u := &signer.Upstream{Answer: answer}
		s, url, via := start(t, u, "es")
		if code, _, _ := send(t, s, via, &remote.Message{Method: "GET", URL: url}); code != 403 || len(u.Take()) != 1 {
			t.Error(name, code)
		}
	}
}

// Requests to a host with a wrong clock are signed with that host's time, and requests to other
// hosts are not.
func TestClockOfOneHost(t *testing.T) {
	t.Parallel()
	behind := &signer.Upstream{Ahead: -time.Hour}
	right := &signer.Upstream{}
	s, wrong, via := start(t, behind, "es")
	_, url, _ := start(t, right, "es")
	if code, _, _ := send(t, s, via, &remote.Message{Method: "GET", URL: wrong}); code != 200 || len(behind.Take()) != 2 {
		t.Error("not corrected:", code)
	}
	if code, _, _ := send(t, s, via, &remote.Message{Method: "GET", URL: url}); code != 200 {
		t.Error(code)
	}
	if sent := right.Take(); len(sent) != 1 { // it refuses times that are off, and would be asked twice
		t.Errorf("the other host was asked %d times", len(sent))
	}
}

// With a host behind a tunnel the name in the Host header is signed, not the address connected to.
func TestOtherHost(t *testing.T) {
	t.Parallel()
	u := &signer.Upstream{}
	s, url, via := start(t, u, "")
	m := &remote.Message{Method: "GET", URL: url + "/x", Host: "vpc-a.eu-central-1.es.amazonaws.com"}
	code, _, _ := send(t, s, via, m)
	if sent := u.Take(); code != 200 || sent[0].Host != m.Host || sent[0].Signature.Service != "es" || sent[0].Signature.Region != "eu-central-1" {
		t.Error(code, sent)
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://h": "/", "https://h?a": "/?a", "https://h:443/a%2fb//c/../d?x=%zz&y= ": "/a%2fb//c/../d?x=%zz&y= ", "http://h:80/?": "/?", "https://h/a#b?c": "/a", "https://h//x": "//x",
	} {
		u, err := remote.URL(text)
		if err != nil || u.RequestURI() != want || u.Host != "h" {
			t.Errorf("%s: %v, %v", text, u, err)
		}
	}
	for _, text := range []string{"", "h/x", "https://", "https:///x", "https://h/%", "https://h/{a}", "https://u:p@h/", "ftp://h/"} {
		if u, err := remote.URL(text); !errors.Is(err, fob.ErrUsage) {
			t.Errorf("%s: %v, %v", text, u, err)
		}
	}
}

// URLs that remote.URL accepts are sent byte for byte.
func FuzzURL(f *testing.F) {
	f.Add("/a%20b//x/../y?b=2&a")
	f.Add("/{}|é?\"")
	f.Fuzz(func(t *testing.T, target string) {
		text := sigv4.Escape("https://h/" + target)
		u, err := remote.URL(text)
		if err != nil {
			return
		}
		want, _, _ := strings.Cut(strings.TrimPrefix(text, "https://h"), "#")
		if got := u.RequestURI(); got != want {
			t.Fatalf("%q is sent as %q", want, got)
		}
	})
}

func TestSpool(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, size := range []int{0, 1, 99, 100, 101, 5000} {
		text := bytes.Repeat([]byte("x"), size)
		b, err := remote.Spool(iotest{bytes.NewReader(text)}, 100, "/no/such/folder", dir)
		sum := sha256.Sum256(text)
		if err != nil || b.Size != int64(size) || b.Hash != hex.EncodeToString(sum[:]) {
			t.Fatal(size, err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Error("the file has a name")
		}
		u := &signer.Upstream{Ahead: 20 * time.Minute} // so that it is sent twice
		s, url, via := start(t, u, "es")
		code, _, _ := send(t, s, via, &remote.Message{Method: "POST", URL: url, Body: b})
		if sent := u.Take(); code != 200 || len(sent) != 2 || !bytes.Equal(sent[1].Content, text) || sent[1].ContentLength != int64(size) {
			t.Error(size, code, sent)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := remote.Spool(bytes.NewReader(make([]byte, 101)), 100, "/no/such/folder"); !errors.Is(err, fob.ErrInternal) {
		t.Error(err)
	}
	broken := errors.New("broken")
	if _, err := remote.Spool(io.MultiReader(bytes.NewReader(make([]byte, 101)), failing{broken}), 100, dir); !errors.Is(err, broken) {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Error("a file stayed")
	}
}

// iotest returns one small piece per Read.
type iotest struct{ r io.Reader }

func (r iotest) Read(p []byte) (int, error) { return r.r.Read(p[:min(len(p), 7)]) }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// If a file changes between hashing and sending, Send returns an error, and the server has not
// received a complete request.
func TestFileChanges(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]string{"same": "0123456789", "other": "012345678X", "longer": "0123456789a", "shorter": "012345678", "empty": ""} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := remote.File(f, path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(after), 0o600); err != nil {
			t.Fatal(err)
		}
		u := &signer.Upstream{}
		s, url, via := start(t, u, "es")
		_, err = s.Send(t.Context(), via, &remote.Message{Method: "PUT", URL: url, Body: b})
		if name == "same" && err != nil || name != "same" && !errors.Is(err, fob.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
		_ = b.Close()
	}
}

// Malformed answers of the agent are refused.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", "Authorization: x\n", "Authorization: AWS4-HMAC-SHA256 Credential=a/b, S\n"} {
		s, url, via := start(t, &signer.Upstream{}, "es")
		s.Deliver = func(context.Context, fob.Request) (fob.Delivery, error) { return fob.Delivery{Stdout: text}, nil }
		if _, err := s.Send(t.Context(), via, &remote.Message{Method: "GET", URL: url}); !errors.Is(err, fob.ErrInternal) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
