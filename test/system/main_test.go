//go:build linux

// Package system tests the built programs from outside, under the conditions of real machines:
// killed at any point, full disk, concurrent writers, other users, other versions, closed
// terminals, a real keyring.
package system

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fob/internal/cli"
	"fob/internal/fakeaws"
	"fob/internal/frontend"
	"fob/test/build"
	"fob/test/leak"
)

// bin is the folder with the programs under test; TestMain sets it once.
var bin string

func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "fob": // the front end, with the agent that is beside this program
		os.Exit(cli.Main(context.Background(), "0.1.0-dev", os.Args, frontend.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Environ(), nil))
	case "fob-agent": // in the agent's place
		os.Exit(trace(os.Args[1:]))
	case "stranger":
		os.Exit(stranger(os.Args[1:]))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, remove, err := build.Temp()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer remove()
	bin = dir
	return leak.Run(m, bin)
}

// stage is one fake AWS for the whole package; no test changes its scene. The users are jane (MFA),
// pat (MFA, for the test that uses up a code), bot and eve; the roles are those of the default
// scene.
var stage = sync.OnceValue(func() *fake {
	f := &fake{server: fakeaws.New(fakeaws.Options{})}
	f.scene = f.server.SetDefault()
	f.scene.Users["eve"] = f.server.AddUser(fakeaws.UserSpec{Account: fakeaws.UserAccount, Name: "eve"})
	f.scene.Users["pat"] = f.server.AddUser(fakeaws.UserSpec{Account: fakeaws.UserAccount, Name: "pat", MFA: true})
	f.url = httptest.NewServer(f.server).URL
	return f
})

type fake struct {
	server *fakeaws.Server
	scene  fakeaws.Scene
	url    string
}

func (f *fake) id(user string) string { return f.scene.Users[user].Credentials.AccessKeyID }
func (f *fake) secret(user string) string {
	return f.scene.Users[user].Credentials.SecretAccessKey.Reveal()
}

// expand replaces @URL@, @bot.id@, @bot.secret@, @jane.mfa@, @ReadOnly@ and the like; with crlf it
// writes Windows' line ends.
func (f *fake) expand(text string) string {
	pairs := []string{"@URL@", f.url}
	for name, u := range f.scene.Users {
		pairs = append(pairs, "@"+name+".id@", f.id(name), "@"+name+".secret@", f.secret(name), "@"+name+".mfa@", u.MFASerial)
	}
	for name, arn := range f.scene.Roles {
		pairs = append(pairs, "@"+name+"@", arn)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

// world is a user's home, in which fob runs.
type world struct {
	t       testing.TB
	bin     string
	home    string // HOME
	fob     string // FOB_HOME
	env     []string
	allowed map[string]bool // files in which secrets may be
}

// newWorld makes a home of a short path: the name of a test in it can make the address of the
// agent's socket too long, if the directory for temporary files has a long one itself.
func newWorld(t testing.TB) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "fob-")
	if err == nil {
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	return worldIn(t, dir)
}

func worldIn(t testing.TB, dir string) *world {
	t.Helper()
	w := &world{t: t, bin: bin, home: filepath.Join(dir, "home"), fob: filepath.Join(dir, "fob")}
	w.allowed = map[string]bool{w.config(): true, w.credentials(): true, w.fobFile("identity.txt"): true}
	if err := os.MkdirAll(filepath.Join(w.home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(w.fob, 0o700); err != nil {
		t.Fatal(err)
	}
	w.env = []string{"HOME=" + w.home, "FOB_HOME=" + w.fob, "PATH=" + os.Getenv("PATH"), "FOB_LOG=debug", "TERM=dumb",
		"AWS_EC2_METADATA_DISABLED=true", "TMPDIR=" + dir}
	t.Cleanup(func() {
		w.agentStop()
		found, err := leak.Files(dir, w.allowed)
		if err != nil || len(found) > 0 {
			t.Errorf("secrets are in clear in %v %v", found, err)
		}
	})
	return w
}

func (w *world) config() string             { return filepath.Join(w.home, ".aws", "config") }
func (w *world) credentials() string        { return filepath.Join(w.home, ".aws", "credentials") }
func (w *world) fobFile(name string) string { return filepath.Join(w.fob, name) }

// result is the output and exit code of a program.
type result struct {
	code     int
	out, err string
}

func (r result) String() string { return fmt.Sprintf("exit %d: %s", r.code, redact(r.err)) }

// redact hides secrets in the tests' own log.
func redact(text string) string {
	if leak.In([]byte(text)) {
		return fmt.Sprintf("[%d bytes with a secret]", len(text))
	}
	return text
}

// cmd is fob with arguments in this world. Env may be extended.
func (w *world) cmd(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(w.bin, "fob"), args...)
	cmd.Env = append([]string(nil), w.env...)
	cmd.Dir = w.home
	return cmd
}

// finish runs a command and returns its result. One that hangs is killed and fails the test.
func (w *world) finish(cmd *exec.Cmd) result {
	w.t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	timer := time.AfterFunc(3*time.Minute, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	if !timer.Stop() {
		w.t.Fatalf("%v hangs: %s", cmd.Args[1:], redact(errs.String()))
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	if leak.In(errs.Bytes()) {
		w.t.Fatalf("a secret is on stderr of %v", cmd.Args[1:])
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

func (w *world) run(args ...string) result {
	w.t.Helper()
	return w.finish(w.cmd(args...))
}

// ok runs fob and fails the test if fob fails.
func (w *world) ok(args ...string) result {
	w.t.Helper()
	r := w.run(args...)
	if r.code != 0 {
		w.t.Fatalf("fob %v: %v", args, r)
	}
	return r
}

// alone is w.cmd with FOB_AGENT=off.
func (w *world) alone(args ...string) *exec.Cmd {
	cmd := w.cmd(args...)
	cmd.Env = append(cmd.Env, "FOB_AGENT=off")
	return cmd
}

// ignoring is w.cmd with SIGINT ignored, as nohup or a script's & starts it.
func (w *world) ignoring(args ...string) *exec.Cmd {
	cmd := exec.Command("sh", append([]string{"-c", `trap "" INT HUP; exec "$@"`, "sh", filepath.Join(w.bin, "fob")}, args...)...)
	cmd.Env, cmd.Dir = append([]string(nil), w.env...), w.home
	return cmd
}

func (w *world) agentStop() {
	if _, err := os.Lstat(filepath.Join(w.fob, "run", "agent.sock")); err == nil {
		_ = w.cmd("agent", "stop").Run()
	}
}

func (w *world) write(path, text string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// read returns a file's content; "" if it does not exist.
func (w *world) read(path string) string {
	w.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	return string(data)
}

// keys fails unless fob delivers a profile's credentials; with own, those must be the user's
// long-lived keys.
func (w *world) keys(profile, own string) {
	w.t.Helper()
	args := []string{"credentials", profile}
	if own != "" {
		args = append(args, "--no-session")
	}
	r := w.ok(args...)
	var c struct{ AccessKeyId, SecretAccessKey string }
	if err := json.Unmarshal([]byte(r.out), &c); err != nil || c.SecretAccessKey == "" {
		w.t.Fatalf("credentials of %s: no JSON (%v)", profile, err)
	}
	if own != "" && (c.AccessKeyId != stage().id(own) || c.SecretAccessKey != stage().secret(own)) {
		w.t.Fatalf("credentials of %s are not those of %s", profile, own)
	}
}

// tree lists the files below a folder.
func (w *world) tree(dir string) string {
	w.t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && path != dir {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, rel)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(names, " ")
}

// soon polls until so returns true. Its limit is far beyond what a busy machine needs.
func soon(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Fatalf("not within two minutes: %s", what)
}
