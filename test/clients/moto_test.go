//go:build unix

package clients

import (
	"encoding/json"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"fob/test/skip"
)

// TestMoto: boto3 and the CLI through fob against an AWS that is not of our own
// making. It checks little (no signatures, no MFA), so it is a second opinion on
// the form of requests and answers, not on the rules. moto is no Debian package:
// where it is not installed this is skipped, in CI too.
func TestMoto(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("moto_server"); err != nil {
		skip.Because(t, skip.NoMoto)
	}
	w := newWorld(t)
	w.startMoto()
	var key struct {
		AccessKey struct{ AccessKeyId, SecretAccessKey string }
	}
	cli, err := named("cli").find()
	if err != nil {
		skip.Missing(t, "%v", err)
	}
	root := []string{"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=none", "AWS_DEFAULT_REGION=us-east-1", "AWS_REGION=us-east-1"}
	for _, args := range [][]string{{"create-user", "--user-name", "mo"}, {"create-access-key", "--user-name", "mo"}} {
		r, err := w.finish(w.cmd(root, append([]string{cli[0], "--endpoint-url", w.url, "--output", "json", "iam"}, args...)...))
		if err != nil || r.code != 0 {
			t.Fatal(err, r.err)
		}
		if err := json.Unmarshal([]byte(r.out), &key); err != nil {
			t.Fatal(err)
		}
	}
	w.secrets = append(w.secrets, []byte(key.AccessKey.SecretAccessKey))
	w.write(w.aws_("credentials"), "[mo]\naws_access_key_id = "+key.AccessKey.AccessKeyId+"\naws_secret_access_key = "+key.AccessKey.SecretAccessKey+"\n")
	w.write(w.aws_("config"), `[profile mo]
region = us-east-1
endpoint_url = @URL@

[profile moto-role]
region = us-east-1
role_arn = arn:aws:iam::123456789012:role/Any
source_profile = mo
endpoint_url = @URL@

[profile moto-chained]
region = us-east-1
role_arn = arn:aws:iam::222233334444:role/Other
source_profile = moto-role
endpoint_url = @URL@
`)
	w.ok(w.fob("vault", "init", "--unlock", "file")...)
	w.ok(w.fob("adopt", "--yes")...)

	role := "arn:aws:sts::123456789012:assumed-role/Any/fob-moto-role"
	want := map[string]string{"moto-role": role, "moto-chained": "arn:aws:sts::222233334444:assumed-role/Other/fob-moto-chained"}
	// moto's GetSessionToken gives everyone the same session, of nobody; so the
	// user itself comes with its own keys.
	own := map[string]string{"-": "arn:aws:iam::123456789012:user/mo"}
	t.Run("cli", func(t *testing.T) {
		got, err := askCLI(w, cli, nil, []string{"moto-role", "moto-chained"})
		check(t, got, err, want)
		got, err = askCLI(w, cli, w.fob("exec", "mo", "--no-session", "--"), []string{"-"})
		check(t, got, err, own)
		if out := w.ok(w.cli(cli, "moto-role", "iam", "list-access-keys", "--user-name", "mo")...); !strings.Contains(out, key.AccessKey.AccessKeyId) {
			t.Errorf("list-access-keys says %s", out)
		}
	})
	t.Run("py", func(t *testing.T) {
		py, err := named("py").find()
		if err != nil {
			skip.Missing(t, "%v", err)
		}
		got, err := askProgram(w, py, nil, []string{"moto-role", "moto-chained"})
		check(t, got, err, want)
		got, err = askProgram(w, py, w.fob("exec", "mo", "--no-session", "--"), []string{"-"})
		check(t, got, err, own)
		got, err = w.answers(append(py, "users", "moto-role", "second"))
		check(t, got, err, map[string]string{"moto-role": "arn:aws:iam::123456789012:user/mo,arn:aws:iam::123456789012:user/second"})
	})
}

// startMoto puts moto in the place of our own fake.
func (w *world) startMoto() {
	w.t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	addr := free.Addr().String()
	_ = free.Close()
	_, port, _ := net.SplitHostPort(addr)
	cmd := w.cmd(nil, "moto_server", "-H", "127.0.0.1", "-p", port)
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // with what its launcher started
		_ = cmd.Wait()
	})
	w.url = "http://" + addr
	for i, v := range w.env {
		if strings.HasPrefix(v, "CLIENT_ENDPOINT=") {
			w.env[i] = "CLIENT_ENDPOINT=" + w.url
		}
	}
	poll := time.NewTicker(50 * time.Millisecond) // it does not say when it is ready
	defer poll.Stop()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); <-poll.C {
		if r, err := http.Get(w.url + "/moto-api/data.json"); err == nil {
			_ = r.Body.Close()
			return
		}
	}
	w.t.Fatal("moto_server does not answer")
}
