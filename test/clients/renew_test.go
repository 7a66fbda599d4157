//go:build linux

package clients

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fob/test/build"
	"fob/test/fakeclock"
	"fob/test/leak"
	"fob/test/skip"
)

// Clients are tested for four hours in which sessions live for one, as they do at
// AWS. The hours pass by setting all clocks forward, so that a busy machine has all the
// time it needs between two calls.
const (
	hours = 4 * time.Hour
	// stride is how far the clocks go at a time. It is no part of an hour: sessions are
	// met at all ages.
	stride = 23 * time.Minute
	// An answer of fob serve is repeated for a second, and no clock but this one leaps in
	// that time. A longer pause does no harm.
	repeated = 1100 * time.Millisecond
)

// runner is a client that calls again and again, as fob knows it by a profile.
type runner struct {
	profile string
	client  client
	argv    []string
	wrap    []string // what it is started through
	name    string   // of the profile that it names; "-" is what the environment says
	served  bool     // over HTTP

	stepper *stepper // nil for the CLI, which lives for one call
	got     []answer
	err     error
}

func (r *runner) call(w *world) {
	if r.err != nil {
		return
	}
	if r.client.name == "cli" {
		var got []answer
		got, r.err = r.client.ask(w, r.argv, r.wrap, []string{r.name})
		r.got = append(r.got, got...)
		return
	}
	if r.stepper == nil {
		if r.stepper, r.err = w.steps(r.argv, r.wrap, r.name); r.err != nil {
			return
		}
	}
	var a answer
	if a, r.err = r.stepper.step(); r.err == nil {
		r.got = append(r.got, a)
	}
}

// hoursBin is a folder with fob, and a fob-agent by a clock that tests set.
var hoursBin = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(bin, "hours")
	err := os.Mkdir(dir, 0o755)
	if err == nil {
		err = build.Programs(dir, nil, "../test/clients/agent")
	}
	if err == nil {
		err = os.Rename(filepath.Join(dir, "agent"), filepath.Join(dir, "fob-agent"))
	}
	if err == nil {
		err = os.Link(filepath.Join(bin, "fob"), filepath.Join(dir, "fob"))
	}
	return dir, err
})

// newHours is a world whose programs, the clients and fob itself, go by a clock that
// set puts ahead of this machine's.
func newHours(t *testing.T) (w *world, set func(ahead time.Duration)) {
	t.Helper()
	w = newWorld(t)
	dir, err := hoursBin()
	if err != nil {
		t.Fatal(err)
	}
	w.bin = dir
	stop := leak.Watch(dir)
	t.Cleanup(func() {
		if found, _ := stop(); len(found) > 0 {
			t.Error("a secret is in ", found)
		}
	})
	libraries, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if len(libraries) == 0 {
		skip.Missing(t, "faketime is not installed")
	}
	file, python := filepath.Join(w.home, "clock"), filepath.Join(w.home, "python")
	// libfaketime 0.9.10 breaks the sleep of Python while the monotonic clock is real.
	w.write(filepath.Join(python, "sitecustomize.py"), "import select, time\ntime.sleep = lambda s: select.select([], [], [], s)\n")
	w.env = append(w.env, "LD_PRELOAD="+libraries[0], fakeclock.File+"="+file, "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1",
		"PYTHONPATH="+strings.TrimSuffix(python+":"+os.Getenv("PYTHONPATH"), ":"))
	t.Cleanup(func() { // what it shares is left by programs that another took the place of
		left, _ := filepath.Glob("/dev/shm/*faketime_s*_*")
		for _, path := range left {
			if _, err := os.Stat("/proc/" + path[strings.LastIndex(path, "_")+1:]); errors.Is(err, os.ErrNotExist) {
				_ = os.Remove(path)
			}
		}
	})
	set = func(ahead time.Duration) {
		w.write(file+".new", fmt.Sprintf("+%d", int(ahead.Seconds())))
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	set(0)
	return w, set
}

// callForHours has clients call for four hours.
func (w *world) callForHours(runners []*runner, set func(ahead time.Duration)) {
	w.t.Helper()
	w.env = append(w.env, "AWS_METADATA_SERVICE_NUM_ATTEMPTS=20", "AWS_METADATA_SERVICE_TIMEOUT=10") // a server on a busy machine may answer late at times
	for n := 0; time.Duration(n)*stride <= hours; n++ {
		if n > 0 {
			time.Sleep(repeated)
			w.aws.Advance(stride)
			set(time.Duration(n) * stride)
			for _, r := range runners {
				if r.served {
					// fob renews as it would have done by itself a while ago: its timers do not know
					// of the clock, and whoever asks a server waits for a second at most.
					if err := w.cmd(nil, w.fob("credentials", r.profile)...).Run(); err != nil {
						w.t.Error(r.profile, err)
					}
				}
			}
		}
		var calling sync.WaitGroup
		for _, cli := range []bool{true, false} { // two at a time, for few cores
			calling.Go(func() {
				for _, r := range runners {
					if (r.client.name == "cli") == cli && (!cli || n%3 == 0) { // the CLI takes half a second a call
						r.call(w)
					}
				}
			})
		}
		calling.Wait()
	}
	for _, r := range runners {
		if r.stepper != nil && r.err == nil {
			r.err = r.stepper.end()
		}
	}
}

// check looks at what a client was answered: nobody else's ARN, and no failure.
func (r *runner) check(t *testing.T, arn string) {
	t.Helper()
	if r.err != nil || len(r.got) == 0 {
		t.Fatal(len(r.got), r.err)
	}
	for n, a := range r.got {
		if a.Arn != arn || a.Error != "" {
			t.Errorf("call %d of %d is %q, %s %s", n+1, len(r.got), a.Arn, a.Error, a.Why)
		}
	}
}

// mode is a way in which a long-running program gets its credentials.
type mode struct {
	name   string
	served bool // over HTTP
	// pace is how long, at least, fob leaves between two sessions of an hour: it renews
	// what has a quarter of an hour left, and for servers more (ADR 14).
	pace time.Duration
	// reach gives what a program is started through for a profile, and the profile
	// that it then names; "-" is what the environment says.
	reach func(w *world, profile string) (wrap []string, name string)
}

func modes() []mode {
	return []mode{
		{"process", false, 44 * time.Minute, func(w *world, profile string) (wrap []string, name string) { return nil, profile }},
		{"exec", false, 44 * time.Minute, func(w *world, profile string) (wrap []string, name string) {
			return w.fob("exec", profile, "--"), "-"
		}},
		{"endpoint", true, 40 * time.Minute, func(w *world, profile string) (wrap []string, name string) {
			return w.fob("exec", profile, "--endpoint", "--"), "-"
		}},
		{"serve", true, 40 * time.Minute, func(w *world, profile string) (wrap []string, name string) {
			return w.serve(profile), "-"
		}},
		{"imds", true, 34 * time.Minute, func(w *world, profile string) (wrap []string, name string) {
			return w.serve(profile, "--imds", "--force"), "-"
		}},
	}
}

// serve starts fob serve for the time of the test, and returns what makes a
// program that fob has not started its client.
func (w *world) serve(profile string, flags ...string) []string {
	w.t.Helper()
	cmd := w.cmd(nil, w.fob(append([]string{"serve", profile}, flags...)...)...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			w.t.Errorf("fob serve %s: %v", profile, err)
		}
	})
	none := filepath.Join(w.home, "none")
	wrap := []string{"env", "AWS_CONFIG_FILE=" + none, "AWS_SHARED_CREDENTIALS_FILE=" + none, "AWS_EC2_METADATA_DISABLED=false",
		"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_ENDPOINT_URL=" + w.url}
	lines := bufio.NewScanner(out)
	for want := map[bool]int{true: 1, false: 2}[len(flags) > 0]; want > 0 && lines.Scan(); want-- {
		wrap = append(wrap, lines.Text())
	}
	return wrap
}

// TestRenewal: in each mode, one long-running process of each client, and the CLI
// again and again, keep calling while their sessions expire at least three times. No
// call may fail, and fob may not ask AWS more often than its own rules say.
func TestRenewal(t *testing.T) {
	t.Parallel()
	w, set := newHours(t)
	w.write(w.aws_("credentials"), "[bot]\naws_access_key_id = @bot.id@\naws_secret_access_key = @bot.secret@\n")
	config := "[profile bot]\nregion = us-east-1\nendpoint_url = @URL@\n"
	for _, m := range modes() {
		for _, c := range all() { // a role's session each, so that its calls can be told apart
			config += "\n[profile " + m.name + "-" + c.name + "]\nregion = us-east-1\nrole_arn = @ReadOnly@\nsource_profile = bot\nendpoint_url = @URL@\n"
		}
	}
	w.write(w.aws_("config"), config)
	w.ok(w.fob("vault", "init", "--unlock", "file")...)
	w.ok(w.fob("adopt", "--yes")...)
	w.allowed[w.aws_("credentials")] = false

	var runners []*runner
	for _, m := range modes() {
		for _, c := range all() {
			argv, err := c.find()
			if err != nil {
				continue // named below
			}
			r := &runner{profile: m.name + "-" + c.name, client: c, argv: argv, served: m.served}
			r.wrap, r.name = m.reach(w, r.profile)
			runners = append(runners, r)
		}
	}
	began := time.Now()
	w.callForHours(runners, set)
	took := time.Since(began)
	for _, m := range modes() {
		for _, c := range all() {
			t.Run(m.name+"-"+c.name, func(t *testing.T) {
				for _, r := range runners {
					if r.profile == m.name+"-"+c.name {
						r.check(t, "arn:aws:sts::444455556666:assumed-role/ReadOnly/fob-"+r.profile)
						w.renewed(t, r, m.pace, took)
						return
					}
				}
				_, err := c.find()
				skip.Missing(t, "%v", err)
			})
		}
	}
}

// renewed looks at what fob handed out and what AWS saw.
func (w *world) renewed(t *testing.T, r *runner, pace, took time.Duration) {
	t.Helper()
	expires, runs := map[string]time.Time{}, 0
	for _, e := range w.audit() {
		if e.Profile == r.profile {
			runs++
			expires[e.AccessKeyID] = e.Expiration
			if e.Outcome != "ok" {
				t.Errorf("fob refused: %s", e.Outcome)
			}
		}
	}
	used, assumed := map[string]bool{}, 0
	for _, e := range w.aws.Log() {
		switch {
		case e.Action == "AssumeRole" && strings.HasSuffix(e.Params["RoleSessionName"], "-"+r.profile):
			assumed++
		case e.Action == "GetCallerIdentity" && !expires[e.AccessKeyID].IsZero():
			used[e.AccessKeyID] = true
		}
	}
	expired := 0
	for id := range used {
		if expires[id].Before(w.aws.Now()) {
			expired++
		}
	}
	t.Logf("%d calls: fob ran %d times, AssumeRole %d times, %d sessions used, %d of them expired", len(r.got), runs, assumed, len(used), expired)
	if expired < 3 {
		t.Errorf("the client saw %d expiries, want 3", expired)
	}
	if most := int((hours+took)/pace) + 1; assumed > most {
		t.Errorf("AssumeRole was called %d times, want %d at most", assumed, most)
	}
}

// TestMetadataIsBelieved: botocore takes the expiry of a session of an hour from
// the metadata service as it is, and does not put it off.
func TestMetadataIsBelieved(t *testing.T) {
	t.Parallel()
	w := adopted(t)
	argv, err := named("py").find()
	if err != nil {
		skip.Missing(t, "%v", err)
	}
	got, err := w.answers(append(append(w.serve("readonly", "--imds", "--force"), argv...), "expiry", "-"))
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	if left, err := strconv.ParseFloat(got[0].Arn, 64); err != nil || left < 55*60 || left > 60*60 {
		t.Errorf("%v seconds of 3600 are left, %v", left, err)
	}
}
