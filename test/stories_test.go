package test

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
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/edge"
	"fob/test/build"
	"fob/test/leak"
	"fob/test/skip"
)

// bin is the folder with the programs under test; TestMain sets it once.
var bin string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, remove, err := build.Temp()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer remove()
	if err := build.Programs(dir, nil, "../test/visit"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	bin = dir
	return leak.Run(m, bin)
}

// Stories are scripts that a user could type, against a fake AWS. See
// stories/README.md for the commands they have.
func TestStories(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "stories",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"expand": expand, "totp": totp, "fault": fault, "heal": heal, "advance": advance, "skew": skew, "lifetime": lifetime,
			"calls": calls, "key": key, "creds": creds, "quietly": quietly, "parallel": parallel, "edit": edit, "matches": matches, "forget": forget, "pages": pages, "revoke": revoke, "counts": counts, "account": account, "allow": allowFiles, "edge": proxied, "spoke": spoke, "instance": instance, "need": need, "until": until, "hold": hold, "release": release,
		},
	})
}

// story is what a script has beside its files.
type story struct {
	t       testscript.T
	aws     *fakeaws.Server
	scene   fakeaws.Scene
	url     string
	edge    *edge.Edge      // nil until the story asks for it
	allowed map[string]bool // files in which secrets may be
	mu      sync.Mutex

	released chan struct{} // by which a call is answered that is held
}

type storyKey struct{}

func setup(env *testscript.Env) error {
	t := env.T()
	s := &story{t: t, allowed: map[string]bool{}}
	s.aws = fakeaws.New(fakeaws.Options{Wait: s.wait})
	s.scene = s.aws.SetDefault()
	srv := httptest.NewServer(s.aws)
	s.url = srv.URL
	home := filepath.Join(env.WorkDir, "home")
	if err := os.MkdirAll(filepath.Join(home, ".aws"), 0o700); err != nil {
		return err
	}
	vars := map[string]string{
		"HOME": home, "FOB_HOME": filepath.Join(env.WorkDir, "fob"),
		"PATH": bin + string(os.PathListSeparator) + os.Getenv("PATH"), "BIN": bin,
		"FOB_LOG": "debug", "AWS_EC2_METADATA_DISABLED": "true", "TERM": "dumb", "SHELL": "/bin/sh",
		"AWS_URL":  s.url,
		"JANE_KEY": s.scene.Users["jane"].Credentials.AccessKeyID, "JANE_MFA": s.scene.Users["jane"].MFASerial,
		"BOT_KEY": s.scene.Users["bot"].Credentials.AccessKeyID,
	}
	for name, arn := range s.scene.Roles {
		vars["ROLE_"+name] = arn
	}
	for name, value := range vars {
		env.Setenv(name, value)
	}
	env.Values[storyKey{}] = s
	env.Defer(func() {
		stop := exec.Command(filepath.Join(bin, "fob"), "agent", "stop")
		stop.Env = []string{"HOME=" + home, "FOB_HOME=" + env.Getenv("FOB_HOME")}
		_ = stop.Run()
		if s.edge != nil {
			s.edge.Close()
		}
		srv.Close()
		s.aws.Close()
		found, err := leak.Files(env.WorkDir, s.allowed, s.aws.Verifiers()...)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			t.Fatal("secrets are in clear in ", found)
		}
	})
	return nil
}

func of(ts *testscript.TestScript) *story { return ts.Value(storyKey{}).(*story) }

// allow says that a file may hold secrets: the user put or wanted them there.
func (s *story) allow(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.allowed[path] = true
}

// need PROGRAM…: the story is skipped without these, in CI it fails.
func need(ts *testscript.TestScript, neg bool, args []string) { skip.Need(of(ts).t, args...) }

// expand FILE…: replaces @JANE_SECRET@ and the like, and $VAR in @VAR@.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	for _, name := range args {
		path := ts.MkAbs(name)
		data, err := os.ReadFile(path)
		ts.Check(err)
		text := regexp.MustCompile(`@[A-Za-z_]+@`).ReplaceAllStringFunc(string(data), func(m string) string {
			switch name := strings.Trim(m, "@"); name {
			case "JANE_SECRET":
				return s.scene.Users["jane"].Credentials.SecretAccessKey.Reveal()
			case "BOT_SECRET":
				return s.scene.Users["bot"].Credentials.SecretAccessKey.Reveal()
			case "PASSPHRASE":
				return leak.Marker() + " correct horse"
			case "NEW_PASSPHRASE":
				return leak.Marker() + " battery staple"
			default:
				return ts.Getenv(name)
			}
		})
		ts.Check(os.WriteFile(path, []byte(text), 0o600))
		s.allow(path)
	}
}

// totp VAR USER: a code that is valid now and was not used.
func totp(ts *testscript.TestScript, neg bool, args []string) {
	code, err := of(ts).aws.Code(of(ts).scene.Users[args[1]].MFASerial)
	ts.Check(err)
	ts.Setenv(args[0], code)
}

// fault KIND ACTION [TIMES [DELAY]]
func fault(ts *testscript.TestScript, neg bool, args []string) {
	f := fakeaws.Fault{Kind: args[0], Action: args[1]}
	if len(args) > 2 {
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		f.Times = n
	}
	if len(args) > 3 {
		d, err := time.ParseDuration(args[3])
		ts.Check(err)
		f.Delay = d
	}
	of(ts).aws.Fail(f)
}

// hold ACTION: the next call of it is answered after release, and not before.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	s.mu.Lock()
	s.released = make(chan struct{})
	s.mu.Unlock()
	s.aws.Fail(fakeaws.Fault{Kind: fakeaws.FaultSlow, Action: args[0], Times: 1, Delay: untilReleased})
}

func release(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.released)
}

// untilReleased is the delay of a call that is held.
const untilReleased = -1

// wait is how long slow calls take.
func (s *story) wait(ctx context.Context, d time.Duration) {
	after := make(<-chan struct{})
	var timer <-chan time.Time
	if s.mu.Lock(); d == untilReleased {
		after = s.released
	} else {
		timer = time.After(d)
	}
	s.mu.Unlock()
	select {
	case <-after:
	case <-timer:
	case <-ctx.Done():
	}
}

// until PATTERN COMMAND…: again and again until what it prints matches: for what
// happens behind others' backs, or has a time limit that a busy machine exceeds.
func until(ts *testscript.TestScript, neg bool, args []string) {
	pattern := regexp.MustCompile("(?m)" + args[0])
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if out, _, _ := start(ts, args[1:]...); pattern.Match(out) {
			return
		}
	}
	ts.Fatalf("%v never prints %s", args[1:], args[0])
}

// forget begins the count of calls anew.
func forget(ts *testscript.TestScript, neg bool, args []string) { of(ts).aws.Reset() }

func heal(ts *testscript.TestScript, neg bool, args []string) { of(ts).aws.Heal() }

func duration(ts *testscript.TestScript, text string) time.Duration {
	d, err := time.ParseDuration(text)
	ts.Check(err)
	return d
}

// advance DURATION: AWS's clock goes on, ours does not.
func advance(ts *testscript.TestScript, neg bool, args []string) {
	of(ts).aws.Advance(duration(ts, args[0]))
}

func skew(ts *testscript.TestScript, neg bool, args []string) {
	of(ts).aws.SetSkew(duration(ts, args[0]))
}

func lifetime(ts *testscript.TestScript, neg bool, args []string) {
	of(ts).aws.SetLifetime(duration(ts, args[0]))
}

// calls ACTION N: so often it was called since the last time that was asked.
func calls(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if got := of(ts).aws.Calls(args[0]); got != want {
		ts.Fatalf("%d calls of %s, want %d", got, args[0], want)
	}
	of(ts).aws.Reset()
}

// key ID Active|Inactive|Deleted
func key(ts *testscript.TestScript, neg bool, args []string) {
	if args[1] == "Deleted" {
		ts.Check(of(ts).aws.DeleteKey(args[0]))
		return
	}
	ts.Check(of(ts).aws.SetKeyActive(args[0], args[1] == "Active"))
}

// start runs fob and returns what it printed, so that credentials are not in
// the log of the test.
func start(ts *testscript.TestScript, args ...string) (stdout, stderr []byte, err error) {
	cmd := exec.Command(filepath.Join(bin, args[0]), args[1:]...)
	if args[0] != "fob" {
		path, err := exec.LookPath(args[0])
		ts.Check(err)
		cmd.Path = path
	}
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = environ(ts)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if leak.In(errs.Bytes()) {
		ts.Fatalf("a secret is on stderr of %v", args)
	}
	return out.Bytes(), errs.Bytes(), err
}

// environ is the script's environment, of which testscript shows only single
// variables: those that stories use.
func environ(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{"HOME", "FOB_HOME", "PATH", "FOB_LOG", "FOB_AGENT", "TERM", "SHELL", "AWS_EC2_METADATA_DISABLED",
		"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BROWSER", "VISIT", "AWS_PROFILE", "AWS_REGION", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "HTTPS_PROXY", "SSL_CERT_FILE"} {
		if v := ts.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// creds NAME [FLAGS…]: fob credentials, whose output must be exactly what every
// SDK accepts. Sets CRED_ID, CRED_EXPIRATION and CRED_ACCOUNT.
func creds(ts *testscript.TestScript, neg bool, args []string) {
	out, errs, err := start(ts, append([]string{"fob", "credentials"}, args...)...)
	ts.Setenv("CRED_ERROR", strings.TrimSpace(string(errs)))
	var exit *exec.ExitError
	if neg {
		if !errors.As(err, &exit) {
			ts.Fatalf("credentials of %v were handed out", args)
		}
		if len(out) > 0 || bytes.Count(errs, []byte("\n")) != 1 {
			ts.Fatalf("a failure is one line on stderr and nothing on stdout; stderr: %q", errs)
		}
		ts.Setenv("CRED_EXIT", strconv.Itoa(exit.ExitCode()))
		ts.Logf("exit %d: %s", exit.ExitCode(), errs)
		return
	}
	if err != nil {
		ts.Fatalf("%v: %s", err, errs)
	}
	var c map[string]any
	dec := json.NewDecoder(bytes.NewReader(out))
	if err := dec.Decode(&c); err != nil || dec.More() || bytes.Count(out, []byte("\n")) != 1 {
		ts.Fatalf("stdout is not one JSON object")
	}
	if v, ok := c["Version"].(float64); !ok || v != 1 {
		ts.Fatalf("Version is not 1")
	}
	delete(c, "Version")
	for name, v := range c {
		if s, ok := v.(string); !ok || s == "" {
			ts.Fatalf("%s is not a text", name)
		}
	}
	if exp, ok := c["Expiration"].(string); ok && !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`).MatchString(exp) {
		ts.Fatalf("Expiration is %q", exp)
	}
	text := func(name string) string { s, _ := c[name].(string); return s }
	ts.Setenv("CRED_ID", text("AccessKeyId"))
	ts.Setenv("CRED_EXPIRATION", text("Expiration"))
	ts.Setenv("CRED_ACCOUNT", text("AccountId"))
	ts.Logf("%s until %s", text("AccessKeyId"), text("Expiration"))
}

// quietly FILE COMMAND…: runs a command whose output holds secrets that were
// asked for, into a file.
func quietly(ts *testscript.TestScript, neg bool, args []string) {
	out, errs, err := start(ts, args[1:]...)
	ts.Logf("%s", errs)
	if neg != (err != nil) {
		ts.Fatalf("%v", err)
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path, out, 0o600))
	of(ts).allow(path)
}

// parallel N COMMAND…: N at once, all of which must succeed. The last word may be
// a list, A,B,C: each takes its turn.
func parallel(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var all sync.WaitGroup
	failures := make(chan string, n)
	last := strings.Split(args[len(args)-1], ",")
	for i := range n {
		all.Go(func() {
			command := append(slices.Clone(args[1:len(args)-1]), last[i%len(last)])
			if _, errs, err := start(ts, command...); err != nil {
				failures <- fmt.Sprintf("%v: %s", err, errs)
			}
		})
	}
	all.Wait()
	close(failures)
	all2 := slices.Collect(func(yield func(string) bool) {
		for f := range failures {
			if !yield(f) {
				return
			}
		}
	})
	if (len(all2) > 0) != neg {
		ts.Fatalf("%d of %d failed: %.500s", len(all2), n, strings.Join(all2, "; "))
	}
}

// edit FILE OLD NEW: replaces text in a file, as a person with an editor.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	if !bytes.Contains(data, []byte(args[1])) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(path, bytes.ReplaceAll(data, []byte(args[1]), []byte(args[2])), 0o600))
}

// matches VAR PATTERN
func matches(ts *testscript.TestScript, neg bool, args []string) {
	if regexp.MustCompile(args[1]).MatchString(ts.Getenv(args[0])) == neg {
		ts.Fatalf("%s is %q", args[0], ts.Getenv(args[0]))
	}
}

// pages approve|deny|ask: how AWS's sign-in pages answer.
func pages(ts *testscript.TestScript, neg bool, args []string) {
	of(ts).aws.SetSSO(func(s *fakeaws.SSOSettings) { s.Pages = args[0] })
}

// edge puts TLS and a proxy in front of AWS, as variables tell programs.
func proxied(ts *testscript.TestScript, neg bool, args []string) {
	e, err := edge.New(of(ts).aws)
	ts.Check(err)
	of(ts).edge = e
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), e.CA, 0o600))
	ts.Setenv("HTTPS_PROXY", e.Proxy)
	ts.Setenv("SSL_CERT_FILE", ts.MkAbs("ca.pem"))
	ts.Setenv("AWS_TLS", strings.TrimPrefix(e.URL, "https://"))
}

// spoke ACTION HOST: it was called, with HTTP/2, at this host, and at no other.
func spoke(ts *testscript.TestScript, neg bool, args []string) {
	called := false
	for _, e := range of(ts).aws.Log() {
		if e.Action != args[0] {
			continue
		}
		if called = true; e.Host != args[1] || e.Proto != "HTTP/2.0" {
			ts.Fatalf("%s was called at %s with %s", e.Action, e.Host, e.Proto)
		}
	}
	if !called {
		ts.Fatalf("%s was not called", args[0])
	}
}

// instance START_URL REGION ACCOUNT: one more of Identity Center, with an account
// where the user has the role ReadOnly.
func instance(ts *testscript.TestScript, neg bool, args []string) {
	i := of(ts).aws.AddInstance(fakeaws.InstanceSpec{StartURL: args[0], Region: args[1]})
	i.AddAccount(fakeaws.AccountSpec{ID: args[2], Roles: []string{"ReadOnly"}})
}

// revoke access|refresh|sessions|clients
func revoke(ts *testscript.TestScript, neg bool, args []string) { of(ts).aws.RevokeSSO(args[0]) }

// counts PAGES EXCHANGES CREDENTIALS: of Identity Center, since last asked.
func counts(ts *testscript.TestScript, neg bool, args []string) {
	c := of(ts).aws.SSOCounts()
	exchanges, credentials := 0, 0
	for _, n := range c.Exchanges {
		exchanges += n
	}
	for _, n := range c.Credentials {
		credentials += n
	}
	if got := fmt.Sprint(c.Pages+c.DevicePages, exchanges, credentials); got != strings.Join(args, " ") {
		ts.Fatalf("pages, exchanges, credentials: %s, want %v", got, args)
	}
	of(ts).aws.Reset()
}

// account rename ID NAME | remove ID | assign ID ROLE…
func account(ts *testscript.TestScript, neg bool, args []string) {
	i := of(ts).scene.SSO
	switch args[0] {
	case "rename":
		ts.Check(i.Rename(args[1], args[2]))
	case "remove":
		ts.Check(i.RemoveAccount(args[1]))
	case "assign":
		ts.Check(i.Assign(args[1], args[2:]...))
	}
}

// allow FILE…: secrets may be in these, because the story asked for it.
func allowFiles(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		of(ts).allow(ts.MkAbs(name))
	}
}
