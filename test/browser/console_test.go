package browser

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"fob/internal/fakeaws"
	"fob/test/build"
)

// consoleHome has a user ann, who may assume the roles One and Two, at a fake of one
// partition. Where the console is the fake's too, the browser lands on its pages;
// else only the sign-in is.
func consoleHome(t *testing.T, partition, region string, wholeConsole bool) *home {
	bin, remove, err := build.Temp()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(remove)
	aws := fakeaws.New(fakeaws.Options{Partition: partition})
	srv := httptest.NewServer(aws)
	t.Cleanup(func() { srv.Close(); aws.Close() })
	user := aws.AddUser(fakeaws.UserSpec{Account: fakeaws.UserAccount, Name: "ann"})
	dir := t.TempDir()
	h := &home{t: t, bin: bin, aws: aws, env: []string{"HOME=" + dir, "FOB_HOME=" + filepath.Join(dir, "fob"), "PATH=" + os.Getenv("PATH")}}
	t.Cleanup(func() { _ = h.command("agent", "stop").Run() })
	endpoint := "services = local"
	if wholeConsole {
		endpoint = "endpoint_url = " + srv.URL
	}
	config := fmt.Sprintf("[services local]\nsts =\n  endpoint_url = %s\nsignin =\n  endpoint_url = %s\n[profile ann]\nregion = %s\n%s\n", srv.URL, srv.URL, region, endpoint)
	for _, name := range []string{"One", "Two"} {
		arn := aws.AddRole(fakeaws.RoleSpec{Account: fakeaws.RoleAccount, Name: name, Trusts: []string{fakeaws.UserAccount}})
		config += fmt.Sprintf("[profile %s]\nrole_arn = %s\nsource_profile = ann\nregion = %s\n%s\n", strings.ToLower(name), arn, region, endpoint)
	}
	keys := fmt.Sprintf("[ann]\naws_access_key_id = %s\naws_secret_access_key = %s\n", user.Credentials.AccessKeyID, user.Credentials.SecretAccessKey.Reveal())
	for name, text := range map[string]string{"config": config, "credentials": keys} {
		if err := os.MkdirAll(filepath.Join(dir, ".aws"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, ".aws", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// address is what fob console prints.
func (h *home) address(args ...string) string {
	h.t.Helper()
	cmd := h.command(append([]string{"console", "--print"}, args...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		h.t.Fatalf("fob console %v: %v: %s", args, err, &errs)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// land opens an address and returns where the browser is then, and what it shows.
func land(t *testing.T, ctx context.Context, address string) (at, text string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.WaitVisible("h1")); err != nil {
		t.Fatal(err)
	}
	text, err := chromedp.Run(ctx, chromedp.Text("body"))
	if err == nil {
		at, err = chromedp.Run(ctx, chromedp.Location())
	}
	if err != nil {
		t.Fatal(err)
	}
	return at, text
}

func TestConsoleInARealBrowser(t *testing.T) {
	t.Parallel()
	h, ctx := consoleHome(t, "aws", "eu-west-1", true), page(t)
	at, text := land(t, ctx, h.address("one", "--path", "/s3/buckets/b%2Fc/home?tab=a%26b#x:y=ü"))
	if !strings.HasSuffix(at, "/s3/buckets/b%2Fc/home?tab=a%26b&region=eu-west-1#x:y=%C3%BC") || !strings.Contains(text, "assumed-role/One/fob-one") {
		t.Errorf("%s: %s", at, text)
	}
	// The browser has its identity: another one has to wait, replaces it, or stands beside it.
	if _, text := land(t, ctx, h.address("two")); !strings.Contains(text, "must first log out") {
		t.Error(text)
	}
	at, text = land(t, ctx, h.address("two", "--sign-out", "--service", "ec2"))
	if !strings.HasSuffix(at, "/ec2/home?region=eu-west-1") || !strings.Contains(text, "assumed-role/Two") || strings.Contains(text, "One") {
		t.Errorf("%s: %s", at, text)
	}
	_, text = land(t, ctx, h.address("ann", "--multi-session"))
	if !strings.Contains(text, "federated-user/fob-ann") || !strings.Contains(text, "\n2") {
		t.Error(text)
	}
}

// In every partition the sign-in leads to that partition's own console.
func TestConsoleOfEveryPartition(t *testing.T) {
	t.Parallel()
	ctx := page(t)
	for partition, tt := range map[string]struct{ region, want string }{
		"aws":        {"eu-west-1", "https://eu-west-1.console.aws.amazon.com/s3/home?region=eu-west-1"},
		"aws-cn":     {"cn-north-1", "https://cn-north-1.console.amazonaws.cn/s3/home?region=cn-north-1"},
		"aws-us-gov": {"us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/s3/home?region=us-gov-west-1"},
		"aws-eusc":   {"eusc-de-east-1", "https://eusc-de-east-1.console.amazonaws-eusc.eu/s3/home?region=eusc-de-east-1"},
	} {
		h := consoleHome(t, partition, tt.region, false)
		for profile, who := range map[string]string{"one": "assumed-role/One/fob-one", "ann": "federated-user/fob-ann"} {
			if _, text := land(t, ctx, h.address(profile, "--service", "s3", "--sign-out")); !strings.Contains(text, tt.want) || !strings.Contains(text, "arn:"+partition+":sts::") || !strings.Contains(text, who) {
				t.Errorf("%s of %s: %s", profile, partition, text)
			}
		}
	}
}
