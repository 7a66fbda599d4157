package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
)

const secret = "FOBSECRETMARKER/+="

func grant(c fob.Credentials, err error) delivery.Grant {
	return delivery.Grant{
		Profile:     fob.Profile{Name: "prod"},
		Credentials: func(context.Context) (fob.Credentials, error) { return c, err },
		Now:         time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC),
	}
}

func TestHand(t *testing.T) {
	t.Parallel()
	exp := time.Date(2026, 11, 23, 15, 0, 0, 123, time.FixedZone("", 3600))
	c := fob.Credentials{AccessKeyID: "ASIA", SecretAccessKey: fob.NewSecret(secret), SessionToken: fob.NewSecret("t"), Expiration: exp, AccountID: "111122223333"}
	d, err := Way().Hand(t.Context(), grant(c, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"AccessKeyId":"ASIA","SecretAccessKey":"` + secret + `","Token":"t","Expiration":"2026-11-23T14:00:00Z","AccountId":"111122223333"}`
	if d.Stdout != want {
		t.Error("another document")
	}
	for name, wrong := range map[string]fob.Credentials{
		"own keys": {AccessKeyID: "AKIA", SecretAccessKey: fob.NewSecret(secret)},
		"endless":  {AccessKeyID: "ASIA", SecretAccessKey: fob.NewSecret(secret), SessionToken: fob.NewSecret("t")},
	} {
		d, err := Way().Hand(t.Context(), grant(wrong, nil))
		if !errors.Is(err, fob.ErrUsage) || fob.HintOf(err) == "" || d.Stdout != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// running is the endpoint as fob serve runs it, with a fake agent.
type running struct {
	told  chan string
	ready fob.Delivery
	fail  atomic.Pointer[error]
	slow  atomic.Pointer[chan struct{}] // no answer before it is closed
	asked chan fob.Request
	end   func() error
}

func start(t *testing.T, options map[string]string, names ...string) *running {
	t.Helper()
	r := &running{told: make(chan string, 100), asked: make(chan fob.Request, 10000)}
	task := fob.Task{
		Options: map[string][]string{}, RunDir: t.TempDir(), Tell: func(m string) { r.told <- m },
		Deliver: func(ctx context.Context, q fob.Request) (fob.Delivery, error) {
			select {
			case r.asked <- q:
			default:
			}
			if slow := r.slow.Load(); slow != nil {
				<-*slow
			}
			if err := r.fail.Load(); err != nil && *err != nil {
				return fob.Delivery{}, *err
			}
			return fob.Delivery{Stdout: `{"AccessKeyId":"of ` + q.Profile + `"}`}, nil
		},
	}
	for k, v := range options {
		task.Options[k] = []string{v}
	}
	for _, n := range names {
		task.Requests = append(task.Requests, fob.Request{Profile: n})
	}
	ready := make(chan fob.Delivery, 1)
	task.Ready = func(d fob.Delivery) error { ready <- d; return nil }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, task) }()
	select {
	case r.ready = <-ready:
	case err := <-ended:
		cancel()
		t.Fatal(err)
	}
	over := false
	r.end = func() error {
		if over {
			return nil
		}
		over = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() { _ = r.end() })
	return r
}

func (r *running) entries(t *testing.T) (list []entry) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.ready.Stdout), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// get sends a request with an Authorization header, or without one if auth is "-".
func get(t *testing.T, method, url, auth string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if auth != "-" {
		req.Header.Set("Authorization", auth)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp, string(text)
}

// until polls until so returns true.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Fatal("not so: " + what)
}

func token(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || strings.TrimSpace(string(text)) != string(text) || len(text) != 43 {
		t.Fatalf("the token's file: %v, %v, %d bytes", info.Mode(), err, len(text))
	}
	return string(text)
}

// Each route and each method, with the right token, another profile's, a wrong one and none: only
// the profile's own token gets its credentials.
func TestRoutes(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"json": ""}, "prod", "corp/pay ments/A%b", "dev")
	list := r.entries(t)
	base := strings.TrimSuffix(list[0].URL, "/credentials/prod")
	tokens := map[string]string{}
	for _, e := range list {
		tokens[e.Profile] = token(t, e.TokenFile)
		resp, text := get(t, "GET", e.URL, tokens[e.Profile])
		if resp.StatusCode != 200 || text != `{"AccessKeyId":"of `+e.Profile+`"}` || resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s", e.URL, resp.Status)
		}
	}
	if resp, _ := get(t, "GET", base+"/credentials/corp%2Fpay%20ments%2FA%25b", tokens["corp/pay ments/A%b"]); resp.StatusCode != 200 {
		t.Error("a slash that is escaped is another one:", resp.Status)
	}
	for _, path := range []string{"/", "", "/credentials", "/credentials/", "/credentials/prod", "/credentials/prod/", "/credentials/nope", "/credentials/dev",
		"/credentials/../credentials/dev", "/credentials/prod/../dev", "/credentials/%2e%2e/dev", "/credentials//dev", "//credentials/dev", "/prod", "/latest/api/token", "/favicon.ico"} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "X"} {
			for _, auth := range []string{"-", "", "x", "Bearer " + tokens["prod"], tokens["prod"] + "x", tokens["prod"][1:], tokens["prod"]} {
				resp, text := get(t, method, base+path, auth)
				want := 403
				switch own := auth == tokens["prod"]; {
				case auth == "-" || auth == "":
					want = 401
				case own && path == "/credentials/prod" && method == "GET":
					want = 200
				case own && path == "/credentials/prod":
					want = 405
				case own && path != "/credentials/dev":
					want = 404
				}
				if resp.StatusCode != want {
					t.Errorf("%s %s: %d, want %d", method, path, resp.StatusCode, want)
				}
				if want != 200 && (strings.Contains(text, "of ") || resp.Header.Get("Content-Type") != "application/json") {
					t.Errorf("%s %s: %s", method, path, text)
				}
			}
		}
	}
	req, _ := http.NewRequest("GET", list[0].URL, nil)
	req.Header["Authorization"] = []string{tokens["prod"], "x"}
	if resp, err := http.DefaultClient.Do(req); err != nil || resp.StatusCode != 401 {
		t.Error("two tokens:", resp, err)
	}
	if err := r.end(); err != nil {
		t.Error(err)
	}
	for _, e := range list {
		if _, err := os.Lstat(e.TokenFile); !errors.Is(err, os.ErrNotExist) {
			t.Error("the token's file is left")
		}
	}
	if c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://")); err == nil {
		c.Close()
		t.Error("the port is open still")
	}
}

func TestErrorsAreForWhoKnowsTheToken(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"json": ""}, "prod")
	e := r.entries(t)[0]
	auth := token(t, e.TokenFile)
	<-r.asked
	var fail error = fob.Errorf(fob.ErrLocked, "the vault is locked").WithHint("fob unlock")
	r.fail.Store(&fail)
	until(t, "what came before is forgotten", func() bool {
		resp, _ := get(t, "GET", e.URL, auth)
		return resp.StatusCode != 200
	})
	for range 3 {
		resp, text := get(t, "GET", e.URL, auth)
		if resp.StatusCode != 503 || text != `{"code":"ServiceUnavailable","message":"the vault is locked (fob unlock)"}` || resp.Header.Get("Retry-After") == "" {
			t.Error(resp.Status, text)
		}
	}
	if q := <-r.asked; q.MinValid != minValid || q.Patience != patience || q.NoPrompt || q.Way != "endpoint" {
		t.Errorf("%+v", q)
	}
	if _, text := get(t, "GET", e.URL, "x"); strings.Contains(text, "locked") {
		t.Error("told to a stranger:", text)
	}
	select {
	case m := <-r.told:
		if m != "no credentials of prod: the vault is locked (fob unlock)" {
			t.Error(m)
		}
	default:
		t.Error("the person is not told")
	}
	if len(r.told) > 0 {
		t.Error("told again:", <-r.told)
	}
}

// A request is answered before the agent answers; the next one gets the agent's answer. The
// time limit itself is tested with an injected clock in package loopback.
func TestSlowAgent(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"json": ""}, "prod")
	e := r.entries(t)[0]
	auth := token(t, e.TokenFile)
	slow := make(chan struct{})
	r.slow.Store(&slow)
	ask := func() int {
		resp, _ := get(t, "GET", e.URL, auth)
		return resp.StatusCode
	}
	until(t, "the answer is late", func() bool { return ask() == 503 })
	close(slow)
	until(t, "the answer is there", func() bool { return ask() == 200 })
}

func TestForAChild(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"child": ""}, "a b")
	url, auth := r.ready.Set[uriVariable], r.ready.Set[tokenVariable]
	if resp, _ := get(t, "GET", url, auth); resp.StatusCode != 200 || !strings.HasSuffix(url, "/credentials/a%20b") {
		t.Error(resp.Status, url)
	}
	if q := <-r.asked; q.NoPrompt || q.Patience != 0 {
		t.Errorf("first %+v", q)
	}
	until(t, "the agent is asked again", func() bool {
		_, _ = get(t, "GET", url, auth)
		return len(r.asked) > 0
	})
	if q := <-r.asked; !q.NoPrompt {
		t.Errorf("then %+v", q)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := start(t, map[string]string{"token-file": filepath.Join(dir, "it's here")}, "prod")
	lines := strings.Split(r.ready.Stdout, "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], uriVariable+"=http://127.0.0.1:") || !strings.HasSuffix(lines[1], `it'\''s here'`) {
		t.Errorf("%q", lines)
	}
	two := start(t, map[string]string{"token-file": filepath.Join(dir, "two")}, "prod", "dev", "prod")
	if text := two.ready.Stdout; strings.Count(text, "# ") != 2 || strings.Count(text, "=") != 4 {
		t.Error(text)
	}
	if _, err := os.Stat(filepath.Join(dir, "two", "dev")); err != nil {
		t.Error(err)
	}
	_ = two.end()
	if _, err := os.Stat(filepath.Join(dir, "two")); err == nil {
		t.Error("the folder is left")
	}
	short, err := os.MkdirTemp("", "fob-s-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(short)
	path := filepath.Join(short, "s")
	socket := start(t, map[string]string{"listen": path, "json": ""}, "prod")
	e := socket.entries(t)[0]
	if e.Socket != path || e.URL != "" || e.Path != "/credentials/prod" {
		t.Errorf("%+v", e)
	}
	client := http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) }}}
	req, _ := http.NewRequest("GET", "http://any:1234"+e.Path, nil)
	req.Header.Set("Authorization", token(t, e.TokenFile))
	if resp, err := client.Do(req); err != nil || resp.StatusCode != 200 {
		t.Error(resp, err)
	}
}

// An existing file that holds no token is neither overwritten nor removed.
func TestTokenFilesAreCareful(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	precious := filepath.Join(dir, "id_ed25519")
	if err := os.WriteFile(precious, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(precious, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{precious, link, dir, filepath.Join(dir, "no", "such")} {
		task := fob.Task{
			Requests: []fob.Request{{Profile: "prod"}}, Options: map[string][]string{"token-file": {path}}, RunDir: dir, Tell: func(string) {},
			Deliver: func(context.Context, fob.Request) (fob.Delivery, error) { return fob.Delivery{}, nil },
			Ready:   func(fob.Delivery) error { return errors.New("ready") },
		}
		if err := run(t.Context(), task); !errors.Is(err, fob.ErrUsage) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if text, err := os.ReadFile(precious); string(text) != "precious" || err != nil {
		t.Error("it is gone:", err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	r := start(t, map[string]string{"token-file": empty, "json": ""}, "prod")
	token(t, empty)
	// Another server has replaced the file meanwhile.
	other := start(t, map[string]string{"token-file": empty}, "prod")
	_ = r.end()
	token(t, empty)
	_ = other.end()
	if _, err := os.Stat(empty); err == nil {
		t.Error("left")
	}
}

// Ctrl-C ends the server while a prompt waits for an answer.
func TestCancelledBeforeReady(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	task := fob.Task{
		Requests: []fob.Request{{Profile: "prod"}}, Options: map[string][]string{}, RunDir: t.TempDir(), Tell: func(string) {},
		Deliver: func(ctx context.Context, _ fob.Request) (fob.Delivery, error) {
			cancel()
			<-ctx.Done()
			return fob.Delivery{}, ctx.Err()
		},
	}
	if err := run(ctx, task); !errors.Is(err, fob.ErrCancelled) {
		t.Error(err)
	}
}
