package fakeaws_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/stage"
	"fob/test/skip"
)

type announced struct {
	URL   string
	Users map[string]announcedUser
	Roles map[string]string
	SSO   struct {
		StartURL string `json:"start_url"`
		Accounts []fakeaws.AccountSpec
	}
}

type announcedUser struct {
	ARN             string `json:"arn"`
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
	MFASerial       string `json:"mfa_serial"`
	MFASeed         string `json:"mfa_seed"`
}

func TestProgram(t *testing.T) {
	t.Parallel()
	stdin, hold := io.Pipe()
	out, stdout := io.Pipe()
	ended := make(chan int, 1)
	go func() { ended <- fakeaws.Main(t.Context(), []string{"-v"}, stdin, stdout, io.Discard) }()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var a announced
	if err := json.Unmarshal(line, &a); err != nil {
		t.Fatal(err)
	}
	jane := a.Users["jane"]
	if jane.MFASerial != "arn:aws:iam::111122223333:mfa/jane" || len(jane.MFASeed) != 32 || jane.SecretAccessKey == "" || a.Users["bot"].MFASeed != "" ||
		a.Roles["Deploy"] != "arn:aws:iam::444455556666:role/Deploy" {
		t.Errorf("announced %s", line)
	}
	if a.SSO.StartURL != a.URL+"/start" || len(a.SSO.Accounts) != 4 {
		t.Errorf("announced %s", line)
	}
	req, _ := http.NewRequestWithContext(t.Context(), "POST", a.URL+"/_fake/calls", nil)
	if status, _, body := stage.Send(t, req); status != 200 {
		t.Error(body)
	}
	_ = hold.Close()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestProgramWritesItsFilePrivately(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "scene.json")
	var stdout bytes.Buffer
	if code := fakeaws.Main(t.Context(), []string{"--out", path}, strings.NewReader(""), &stdout, io.Discard); code != 0 || stdout.Len() > 0 {
		t.Fatal(code, stdout.String())
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Fatal(err, info.Mode())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := fakeaws.Main(ctx, []string{"--ignore-stdin", "--scene", "empty", "--out", path}, strings.NewReader(""), &stdout, io.Discard); code != 0 {
		t.Error(code)
	}
}

func TestProgramRefuses(t *testing.T) {
	t.Parallel()
	for want, args := range map[int][]string{2: {"--scene", "none"}, 1: {"--listen", "0.0.0.0:0"}, 0: {"-h"}} {
		var stderr bytes.Buffer
		if code := fakeaws.Main(t.Context(), args, strings.NewReader(""), io.Discard, &stderr); code != want || stderr.Len() == 0 {
			t.Errorf("%v: exit code %d, %s", args, code, &stderr)
		}
	}
}

// botocore signs, encodes and parses in its own way.
func TestBotocore(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil || exec.CommandContext(t.Context(), python, "-c", "import boto3").Run() != nil {
		skip.Missing(t, "boto3 is not installed for python3")
	}
	st := stage.New(t, fakeaws.Options{})
	users := map[string]announcedUser{}
	for name, u := range st.Users {
		users[name] = announcedUser{u.ARN, u.Credentials.AccessKeyID, u.Credentials.SecretAccessKey.Reveal(), u.MFASerial, u.MFASeed.Reveal()}
	}
	scene, err := json.Marshal(map[string]any{"url": st.HTTP.URL, "users": users, "roles": st.Roles})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "botocore_cases.py"))
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true"}
	cmd.Stdin = bytes.NewReader(scene)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// With an authority, it serves TLS, and a proxy, until it ends.
func TestProgramServesTLS(t *testing.T) {
	t.Parallel()
	stdin, hold := io.Pipe()
	out, stdout := io.Pipe()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	ended := make(chan int, 1)
	go func() {
		ended <- fakeaws.Main(t.Context(), []string{"--ca", ca, "--scene", "empty"}, stdin, stdout, io.Discard)
	}()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var a struct {
		TLS   string `json:"tls_url"`
		Proxy string `json:"proxy"`
	}
	pem, fileErr := os.ReadFile(ca)
	pool := x509.NewCertPool()
	if err := errors.Join(json.Unmarshal(line, &a), fileErr); err != nil || !pool.AppendCertsFromPEM(pem) {
		t.Fatal(err, string(line))
	}
	proxy, err := url.Parse(a.Proxy)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: pool}}
	direct := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	for target, via := range map[string]*http.Transport{"https://sts.amazonaws.com/": transport, a.TLS + "/": direct} {
		resp, err := (&http.Client{Transport: via}).Get(target)
		if err != nil {
			t.Fatal(err)
		}
		if _ = resp.Body.Close(); resp.StatusCode >= 500 {
			t.Errorf("%s: %d", target, resp.StatusCode)
		}
		via.CloseIdleConnections()
	}
	_ = hold.Close()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := (&http.Client{Transport: direct}).Get(a.TLS); err == nil {
		t.Error("TLS is served on")
	}
}
