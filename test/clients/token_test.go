//go:build unix

package clients

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fob/internal/fakeaws"
	"fob/test/skip"
)

// The tools for which fob makes tokens, the real ones, against servers that check
// the tokens as AWS does.

// needs returns a program's path.
func needs(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		skip.Missing(t, "%s is not installed", program)
	}
	return path
}

// trusted writes the certificate of a test's server to a file.
func (w *world) trusted(srv *httptest.Server) string {
	w.t.Helper()
	path := filepath.Join(filepath.Dir(w.home), "ca.pem")
	w.write(path, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
	return path
}

// inPath has fob itself, and programs that are scripts of one line, in PATH.
func (w *world) inPath(scripts map[string]string) {
	w.t.Helper()
	dir := filepath.Join(filepath.Dir(w.home), "scripts")
	for name, line := range scripts {
		w.write(filepath.Join(dir, name), "#!/bin/sh\n"+line+"\n")
		if err := os.Chmod(filepath.Join(dir, name), 0o700); err != nil {
			w.t.Fatal(err)
		}
	}
	for i, kv := range w.env {
		if path, ok := strings.CutPrefix(kv, "PATH="); ok {
			w.env[i] = "PATH=" + w.bin + ":" + dir + ":" + path
		}
	}
}

// kubectl asks fob for a token by the exec plug-in's contract, and shows it to a
// cluster that asks STS who that is, as an EKS cluster does.
func TestKubectl(t *testing.T) {
	t.Parallel()
	kubectl := needs(t, "kubectl")
	w := adopted(t)
	cluster := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		arn, err := w.tokenReview(r.Header.Get("Authorization"), "payments")
		if err != nil {
			http.Error(rw, err.Error(), http.StatusUnauthorized)
			return
		}
		fmt.Fprintln(rw, arn)
	}))
	defer cluster.Close()
	w.inPath(nil)
	config := filepath.Join(w.home, "kubeconfig")
	for name, want := range map[string]string{"payments": "assumed-role/ReadOnly", "another": ""} {
		for _, version := range []string{"v1", "v1beta1"} {
			w.write(config, fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: %q, certificate-authority: %q}}]
users:
- name: u
  user:
    exec:
      apiVersion: client.authentication.k8s.io/%s
      command: fob
      args: [token, eks, %s, --profile, readonly]
      interactiveMode: IfAvailable
`, cluster.URL, w.trusted(cluster), version, name))
			r, err := w.finish(w.cmd(nil, kubectl, "--kubeconfig", config, "get", "--raw", "/whoami"))
			switch {
			case err != nil:
				t.Fatal(err)
			case version == "v1" && strings.Contains(r.err, "invalid apiVersion"):
				t.Logf("this kubectl knows no version v1") // before 1.22
			case want != "" && (r.code != 0 || !strings.Contains(r.out, want)):
				t.Errorf("%s: exit %d, %s%s", version, r.code, r.out, r.err)
			case want == "" && r.code == 0:
				t.Errorf("a token for another cluster was taken")
			}
		}
	}
}

// tokenReview does what EKS does with a token: it is an address of STS's, which is
// called with the cluster's own name.
func (w *world) tokenReview(authorization, cluster string) (arn string, err error) {
	text, ok := strings.CutPrefix(authorization, "Bearer k8s-aws-v1.")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if !ok || err != nil {
		return "", fmt.Errorf("that is no token")
	}
	u, err := url.Parse(string(raw))
	q := u.Query()
	if err != nil || "http://"+u.Host != w.url || u.Path != "/" || q.Get("Action") != "GetCallerIdentity" || q.Get("X-Amz-Expires") != "60" ||
		q.Get("X-Amz-SignedHeaders") != "host;x-k8s-aws-id" {
		return "", fmt.Errorf("that is not an address of STS's as it must be")
	}
	req, err := http.NewRequest(http.MethodGet, string(raw), nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("x-k8s-aws-id", cluster)
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body := make([]byte, 4096)
	n, _ := resp.Body.Read(body)
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("STS answers %d", resp.StatusCode)
	}
	return string(body[:n]), nil
}

// git clones from and pushes to a server that checks passwords as CodeCommit does.
func TestGit(t *testing.T) {
	t.Parallel()
	git := needs(t, "git")
	w := adopted(t)
	root := filepath.Join(filepath.Dir(w.home), "repos")
	w.ok(git, "init", "-q", "--bare", filepath.Join(root, "v1", "repos", "payments"))
	w.ok(git, "-C", filepath.Join(root, "v1", "repos", "payments"), "config", "http.receivepack", "true")
	backend := &cgi.Handler{Path: git, Args: []string{"http-backend"}, Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=somebody"}}
	var arns []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		if !ok {
			rw.Header().Set("WWW-Authenticate", `Basic realm="codecommit"`)
			http.Error(rw, "who?", http.StatusUnauthorized)
			return
		}
		arn, err := w.aws.CodeCommit(user, password, r.Host, "/v1/repos/payments")
		if err != nil {
			http.Error(rw, err.Error(), http.StatusForbidden)
			return
		}
		arns = append(arns, arn)
		backend.ServeHTTP(rw, r)
	}))
	defer server.Close()
	w.inPath(nil)
	const host = "git-codecommit.us-east-1.amazonaws.com"
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "https://"), ":")
	w.write(filepath.Join(w.home, ".gitconfig"), fmt.Sprintf(`[http]
	sslVerify = false
	curloptResolve = %s:%s:127.0.0.1
[credential "https://%s:%s"]
	helper = !fob token codecommit --profile readonly
	useHttpPath = true
[user]
	name = somebody
	email = somebody@example.com
`, host, port, host, port)) // httptest's certificate is for another name
	w.env = append(w.env, "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_NOSYSTEM=1")
	work := filepath.Join(w.home, "work")
	w.ok(git, "clone", "-q", "https://"+host+":"+port+"/v1/repos/payments", work)
	w.write(filepath.Join(work, "file"), "text\n")
	w.ok(git, "-C", work, "add", "file")
	w.ok(git, "-C", work, "commit", "-q", "-m", "first")
	w.ok(git, "-C", work, "push", "-q", "origin", "HEAD:main")
	if len(arns) < 3 || !strings.Contains(arns[0], "assumed-role/ReadOnly") {
		t.Errorf("the server saw %q", arns)
	}
}

// A client of Docker's credential helpers, docker-py's own, asks fob.
func TestDockerCredentialHelper(t *testing.T) {
	t.Parallel()
	var python string
	for _, one := range []string{"python3", "/usr/bin/python3"} { // Debian's packages are for the second
		if python == "" && exec.Command(one, "-c", "import docker").Run() == nil {
			python = one
		}
	}
	if python == "" {
		skip.Missing(t, "the package docker is not installed for python3")
	}
	w := adopted(t)
	w.ok(w.fob("add", "role", "images", "--role-arn", w.scene.Roles["ReadOnly"], "--source-profile", "bot", "--region", "us-east-1", "--endpoint-url", w.url)...)
	w.inPath(map[string]string{"docker-credential-fob-prod": `exec fob token ecr "$1" --profile images`})
	script := `
import json, sys
from docker.credentials import Store, CredentialsNotFound
from docker.auth import load_config
store = Store("fob-prod")
got = store.get(sys.argv[1])
try:
    store.get("ghcr.io")
    unknown = "found"
except CredentialsNotFound:
    unknown = "not found"
auth = load_config(config_dict={"credHelpers": {sys.argv[1]: "fob-prod"}}).resolve_authconfig(sys.argv[1])
password = open(sys.argv[2]).read()
print(json.dumps({"user": got["Username"], "good": got["Secret"] == password and auth["Password"] == password, "unknown": unknown, "list": store.list()}))
`
	path := filepath.Join(w.home, "script.py")
	w.write(path, script)
	want := filepath.Join(w.home, "want")
	w.write(want, fakeaws.ECRPassword("arn:aws:sts::444455556666:assumed-role/ReadOnly/fob-images"))
	w.allowed[want] = true
	out := w.ok(python, path, "444455556666.dkr.ecr.us-east-1.amazonaws.com", want)
	var got struct {
		User, Unknown string
		Good          bool
		List          map[string]string
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || got.User != "AWS" || !got.Good || got.Unknown != "not found" || len(got.List) != 0 {
		t.Errorf("%s, %v", out, err)
	}
}
