//go:build unix

// Package clients holds fob to what real clients need: the AWS CLI, boto3, the
// AWS SDKs for JavaScript and for Go run with the built programs behind their
// credential_process, against the strict fake of AWS. See README.md.
package clients

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
	"syscall"
	"testing"
	"time"

	"fob/internal/fakeaws"
	"fob/test/build"
	"fob/test/leak"
)

// bin is the folder with the programs under test; TestMain sets it once.
var bin string

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == goClientArg {
		os.Exit(goClient(os.Args[2:], os.Stdin, os.Stdout)) // in a client's place: see gosdk_test.go
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

// world is a user's home with fob in it, and the AWS that it uses.
type world struct {
	t       testing.TB
	bin     string
	home    string // HOME
	env     []string
	aws     *fakeaws.Server
	scene   fakeaws.Scene
	url     string
	secrets [][]byte        // beside those with the marker
	allowed map[string]bool // files in which secrets may be
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, aws: fakeaws.New(fakeaws.Options{})}
	w.scene = w.aws.SetDefault()
	srv := httptest.NewServer(w.aws)
	w.url = srv.URL
	w.makeHome(bin)
	t.Cleanup(func() {
		w.aws.Close()
		srv.Close()
	})
	return w
}

// makeHome makes the home, for programs in dir. Variables are allowed by name, so
// that nothing of the machine's own AWS set-up comes in; PYTHONPATH is for
// trying clients that are not installed.
func (w *world) makeHome(dir string) {
	w.t.Helper()
	root, err := filepath.EvalSymlinks(w.t.TempDir())
	if err != nil {
		w.t.Fatal(err)
	}
	w.bin, w.home = dir, filepath.Join(root, "home")
	w.env = []string{"HOME=" + w.home, "FOB_HOME=" + filepath.Join(root, "fob"), "TMPDIR=" + root, "FOB_LOG=debug", "TERM=dumb",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "NODE_NO_WARNINGS=1", "CLIENT_ENDPOINT=" + w.url}
	for _, name := range []string{"PATH", "PYTHONPATH", "LANG"} {
		if v, ok := os.LookupEnv(name); ok {
			w.env = append(w.env, name+"="+v)
		}
	}
	w.allowed = map[string]bool{w.aws_("credentials"): true}
	if err := os.MkdirAll(filepath.Dir(w.aws_("")), 0o700); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = w.cmd(nil, w.fob("agent", "stop")...).Run()
		found, err := leak.Files(root, w.allowed)
		if err != nil || len(found) > 0 {
			w.t.Errorf("secrets are in clear in %v %v", found, err)
		}
	})
}

func (w *world) aws_(name string) string { return filepath.Join(w.home, ".aws", name) }

func (w *world) fob(args ...string) []string {
	return append([]string{filepath.Join(w.bin, "fob")}, args...)
}

// write writes a file of the user's, with @URL@, @jane.id@, @jane.secret@,
// @jane.mfa@, @ReadOnly@ and the like replaced.
func (w *world) write(path, text string) {
	w.t.Helper()
	pairs := []string{"@URL@", w.url}
	for name, u := range w.scene.Users {
		pairs = append(pairs, "@"+name+".id@", u.Credentials.AccessKeyID, "@"+name+".secret@", u.Credentials.SecretAccessKey.Reveal(), "@"+name+".mfa@", u.MFASerial)
	}
	for name, arn := range w.scene.Roles {
		pairs = append(pairs, "@"+name+"@", arn)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.NewReplacer(pairs...).Replace(text)), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// cmd is a program in this world, without a terminal: nobody is there who could
// be asked.
func (w *world) cmd(more []string, argv ...string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(append([]string(nil), w.env...), more...)
	cmd.Dir = filepath.Dir(w.home)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// result is what a program has left behind.
type result struct {
	code     int
	out, err string
}

// limit is far longer than any program here takes on a busy machine.
const limit = 2 * time.Minute

// finish runs a program to its end. One that hangs is killed and fails the test,
// and so does one that says a secret.
func (w *world) finish(cmd *exec.Cmd) (result, error) {
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		return result{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })()
	err := cmd.Wait()
	name := filepath.Base(cmd.Path)
	if ctx.Err() != nil {
		return result{}, fmt.Errorf("%s hangs", name)
	}
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		return result{}, err
	}
	if w.secret(errs.Bytes()) || w.secret(out.Bytes()) {
		return result{}, fmt.Errorf("a secret is in the output of %s", name)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}, nil
}

func (w *world) secret(data []byte) bool {
	for _, s := range w.secrets {
		if bytes.Contains(data, s) {
			return true
		}
	}
	return leak.In(data)
}

// ok runs a program, which must succeed, and returns its output.
func (w *world) ok(argv ...string) string {
	w.t.Helper()
	r, err := w.finish(w.cmd(nil, argv...))
	if err != nil {
		w.t.Fatal(err)
	}
	if r.code != 0 {
		w.t.Fatalf("%v: exit %d: %s", argv, r.code, r.err)
	}
	return r.out
}

// sign in: one code for jane, whose session serves from then on.
func (w *world) signIn() {
	w.t.Helper()
	code, err := w.aws.Code(w.scene.Users["jane"].MFASerial)
	if err != nil {
		w.t.Fatal(err)
	}
	w.ok(w.fob("whoami", "jane", "--mfa-code", code)...)
}

// event is what the tests read of fob's audit log.
type event struct {
	Profile, Way, Outcome string
	AccessKeyID           string    `json:"access_key_id"`
	Expiration            time.Time `json:"expiration"`
}

// audit is who was given what: a line for each time that fob ran.
func (w *world) audit() []event {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(filepath.Dir(w.home), "fob", "audit.jsonl"))
	if err != nil {
		w.t.Fatal(err)
	}
	var list []event
	for line := range strings.Lines(string(data)) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			w.t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}
