//go:build unix

package clients

import (
	"bufio"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fob/test/skip"
)

// How long credentials live in the test of renewal, and how long the clients
// keep calling: three expiries and a little.
const (
	lifetime = 8 * time.Second
	calling  = 3*lifetime + 3*time.Second
)

// mode is a way in which a long-running program gets its credentials.
type mode struct {
	name string
	// reach gives what a program is started through for a profile, and the profile
	// that it then names; "-" is what the environment says.
	reach func(w *world, profile string) (wrap []string, name string)
}

func modes() []mode {
	return []mode{
		{"process", func(w *world, profile string) (wrap []string, name string) { return nil, profile }},
		{"exec", func(w *world, profile string) (wrap []string, name string) {
			return w.fob("exec", profile, "--"), "-"
		}},
		{"endpoint", func(w *world, profile string) (wrap []string, name string) {
			return w.fob("exec", profile, "--endpoint", "--"), "-"
		}},
		{"serve", func(w *world, profile string) (wrap []string, name string) {
			return w.serve(profile), "-"
		}},
		{"imds", func(w *world, profile string) (wrap []string, name string) {
			return w.serve(profile, "--imds", "--force"), "-"
		}},
	}
}

// never are the pairs of mode and client that are left out: botocore takes the
// metadata service for broken when less than 25 minutes are left, and goes on with
// what has expired (trap 4 of the protocol notes; fob serve warns of it); see
// TestMetadataForHours.
func never(m mode, c client) bool { return m.name == "imds" && c.name == "py" }

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
// again and again, keep calling while their credentials expire at least three
// times. No call may fail, and fob may not ask AWS more often than its own rules
// say: credentials this short are renewed when half of their life is over.
//
// What is tested is how programs that cannot be given a clock deal with time, so
// the test takes that time: the real one.
func TestRenewal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.aws.SetLifetime(lifetime)
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

	// Not parallel subtests: those would wait for each other on a machine with few
	// cores.
	outcomes := map[string]*outcome{}
	var running sync.WaitGroup
	for _, m := range modes() {
		for _, c := range all() {
			argv, err := c.find()
			if err != nil || never(m, c) {
				continue
			}
			profile := m.name + "-" + c.name
			o := &outcome{start: time.Now()}
			outcomes[profile] = o
			wrap, name := m.reach(w, profile)
			running.Go(func() {
				if c.name == "cli" {
					o.got, o.err = w.repeat(c, argv, wrap, name)
				} else {
					o.got, o.err = w.answers(append(append(wrap, argv...), "loop", seconds(calling), "0.25", name))
				}
				o.took = time.Since(o.start)
			})
		}
	}
	running.Wait()
	for _, m := range modes() {
		for _, c := range all() {
			if never(m, c) {
				continue
			}
			profile := m.name + "-" + c.name
			t.Run(profile, func(t *testing.T) {
				if _, err := c.find(); err != nil {
					skip.Missing(t, "%v", err)
				}
				w.lasted(t, profile, outcomes[profile])
			})
		}
	}
}

// outcome is what a long-running program has seen.
type outcome struct {
	got   []answer
	err   error
	start time.Time
	took  time.Duration
}

func (w *world) lasted(t *testing.T, profile string, o *outcome) {
	if o.err != nil {
		t.Fatal(o.err)
	}
	for n, a := range o.got {
		if want := "arn:aws:sts::444455556666:assumed-role/ReadOnly/fob-" + profile; a.Arn != want || a.Error != "" {
			t.Errorf("call %d of %d is %q, %s", n+1, len(o.got), a.Arn, a.Error)
		}
	}
	w.renewed(t, profile, len(o.got), o.start.Add(o.took), o.took)
}

// TestOneRun: what lasts an hour is asked for once by a process, however often it
// calls: each SDK finds enough time left not to ask again.
func TestOneRun(t *testing.T) {
	t.Parallel()
	w := adopted(t)
	each(t, func(t *testing.T, c client, argv []string) {
		if c.name == "cli" {
			return // one run a call
		}
		profile := map[string]string{"py": "bot", "js": "readonly", "go": "chained"}[c.name]
		_, arns := profiles()
		got, err := w.answers(append(argv, "loop", "1", "0.1", profile))
		for _, a := range got {
			check(t, []answer{a}, err, map[string]string{profile: arns[profile]})
		}
		runs := 0
		for _, e := range w.audit() {
			if e.Profile == profile {
				runs++
			}
		}
		if runs != 1 || len(got) < 3 {
			t.Errorf("fob ran %d times for %d calls, want once", runs, len(got))
		}
	})
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) }

// repeat runs the CLI, which lives for one call, twice in a lifetime.
func (w *world) repeat(c client, argv, wrap []string, name string) ([]answer, error) {
	var list []answer
	pace := time.NewTicker(lifetime / 2)
	defer pace.Stop()
	for end := time.Now().Add(calling); time.Now().Before(end); <-pace.C {
		got, err := c.ask(w, argv, wrap, []string{name})
		if err != nil {
			return nil, err
		}
		list = append(list, got...)
	}
	return list, nil
}

// renewed looks at what fob handed out and what AWS saw.
func (w *world) renewed(t *testing.T, profile string, calls int, end time.Time, took time.Duration) {
	t.Helper()
	expires, runs := map[string]time.Time{}, 0
	for _, e := range w.audit() {
		if e.Profile == profile {
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
		case e.Action == "AssumeRole" && strings.HasSuffix(e.Params["RoleSessionName"], "-"+profile):
			assumed++
		case e.Action == "GetCallerIdentity" && !expires[e.AccessKeyID].IsZero():
			used[e.AccessKeyID] = true
		}
	}
	expired := 0
	for id := range used {
		if expires[id].Before(end) {
			expired++
		}
	}
	t.Logf("%d calls in %v: fob ran %d times, AssumeRole %d times, %d sessions used, %d of them expired", calls, took.Round(time.Millisecond), runs, assumed, len(used), expired)
	if expired < 3 {
		t.Errorf("the client saw %d expiries, want 3", expired)
	}
	// fob renews when half of the life is over, which the fake cuts to the second,
	// less a tenth: not more often than every three seconds. Servers, whose clients
	// have windows of their own, hand out nothing that has lived a sixth of its life.
	pace := lifetime / 3
	if !strings.HasPrefix(profile, "process-") && !strings.HasPrefix(profile, "exec-") {
		pace = lifetime / 6
	}
	if most := int(took/pace) + 1; assumed > most {
		t.Errorf("AssumeRole was called %d times in %v, want %d at most", assumed, took, most)
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
