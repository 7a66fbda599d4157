// Package browser drives a real browser through what fob opens in one.
package browser

import (
	"bufio"
	"context"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"fob/internal/fakeaws"
	"fob/test/build"
	"fob/test/skip"
)

// chromium finds the browser; without one the tests are skipped by name, and in
// CI that is a failure.
func chromium(t *testing.T) string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	skip.Missing(t, "chromium is not installed")
	return ""
}

// page opens a browser with a profile of its own and one page. names are bound to
// 127.0.0.1 there, or to the address that follows them.
func page(t *testing.T, names ...string) context.Context {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true))
	if len(names) > 0 {
		rules := make([]string, len(names))
		for i, name := range names {
			if rules[i] = "MAP " + name; !strings.Contains(name, " ") {
				rules[i] += " 127.0.0.1"
			}
		}
		options = append(options, chromedp.Flag("host-resolver-rules", strings.Join(rules, ", ")))
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// press opens an address, presses a button and returns what the page says then.
func press(t *testing.T, ctx context.Context, address, button string) string {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Click(button), chromedp.WaitNotPresent(button), chromedp.WaitVisible("h1")); err != nil {
		t.Fatal(err)
	}
	text, err := chromedp.Run(ctx, chromedp.Text("body"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// home is a throw-away home with a sign-in to a fake AWS.
type home struct {
	t   *testing.T
	env []string
	bin string
	aws *fakeaws.Server
}

func newHome(t *testing.T) *home {
	bin, remove, err := build.Temp()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(remove)
	aws := fakeaws.New(fakeaws.Options{})
	aws.SetDefault()
	srv := httptest.NewServer(aws)
	t.Cleanup(func() { srv.Close(); aws.Close() })
	dir := t.TempDir()
	h := &home{t: t, bin: bin, aws: aws, env: []string{"HOME=" + dir, "FOB_HOME=" + filepath.Join(dir, "fob"), "PATH=" + os.Getenv("PATH")}}
	t.Cleanup(func() { _ = h.command("agent", "stop").Run() })
	h.ok("vault", "init", "--unlock", "file")
	h.ok("add", "sso", "corp", "--start-url", srv.URL+"/start", "--region", "us-east-1", "--endpoint-url", srv.URL)
	return h
}

func (h *home) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(h.bin, "fob"), args...)
	cmd.Env = h.env
	return cmd
}

func (h *home) ok(args ...string) {
	h.t.Helper()
	if out, err := h.command(args...).CombinedOutput(); err != nil {
		h.t.Fatalf("fob %v: %v\n%s", args, err, out)
	}
}

// signIn starts fob login and returns the address it prints, and how it ends.
func (h *home) signIn() (address string, end func() (string, error)) {
	h.t.Helper()
	cmd := h.command("login", "corp", "--no-browser")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	r := bufio.NewReader(stderr)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			h.t.Fatalf("no address: %v", err)
		}
		if strings.HasPrefix(line, "http") {
			address = strings.TrimSpace(line)
			break
		}
	}
	return address, func() (string, error) {
		rest, _ := io.ReadAll(r)
		return string(rest), cmd.Wait()
	}
}

func TestSignInThroughARealBrowser(t *testing.T) {
	t.Parallel()
	h, ctx := newHome(t), page(t)
	address, end := h.signIn()
	text := press(t, ctx, address, "#approve")
	if said, err := end(); err != nil || !strings.Contains(said, "signed in to corp") || !strings.Contains(text, "Signed in") {
		t.Errorf("%v: %s; the page says %q", err, said, text)
	}
	h.ok("whoami", "corp/222233334444/ReadOnly")
}

func TestDenyInARealBrowser(t *testing.T) {
	t.Parallel()
	h, ctx := newHome(t), page(t)
	address, end := h.signIn()
	text := press(t, ctx, address, "#deny")
	if said, err := end(); err == nil || !strings.Contains(said, "denied on the page") || !strings.Contains(text, "Denied") {
		t.Errorf("%v: %s; the page says %q", err, said, text)
	}
}
