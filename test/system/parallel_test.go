//go:build linux

package system

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"fob/test/skip"
)

// many makes a home with n users in both files; it returns their names.
func many(t testing.TB, n int) (w *world, config, credentials string, names []string) {
	w = newWorld(t)
	config, credentials = "# top\n", "# keys\n"
	for i := range n {
		name := fmt.Sprintf("p%d", i)
		names = append(names, name)
		config += fmt.Sprintf("\n[profile %s]\nregion = eu-west-1\n# about %s\nendpoint_url = @URL@\n", name, name)
		credentials += fmt.Sprintf("\n# keys of %s\n[%s]\naws_access_key_id = @bot.id@\naws_secret_access_key = @bot.secret@\n", name, name)
	}
	config += "\n[profile other]\nregion = us-east-1\n"
	config, credentials = stage().expand(config), stage().expand(credentials)
	w.write(w.config(), config)
	w.write(w.credentials(), credentials)
	w.ok("vault", "init", "--unlock", "file")
	return w, config, credentials, names
}

func (w *world) files(config, credentials string) {
	w.t.Helper()
	if got := w.read(w.config()); got != config {
		w.t.Fatalf("config is not as it was:\n%s", redact(got))
	}
	if got := w.read(w.credentials()); got != credentials {
		w.t.Fatalf("credentials are not as they were:\n%s", redact(got))
	}
}

// atOnce runs commands concurrently; all must succeed.
func atOnce(t *testing.T, w *world, cmds []*exec.Cmd) {
	t.Helper()
	results := make([]result, len(cmds))
	var all sync.WaitGroup
	for i, cmd := range cmds {
		all.Go(func() { results[i] = w.finish(cmd) })
	}
	all.Wait()
	for i, r := range results {
		if r.code != 0 {
			t.Errorf("%v: %v", cmds[i].Args[1:], r)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
}

// Many processes adopt the same profiles, with one agent, and each with its own.
func TestManyAdopt(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]func(*world, ...string) *exec.Cmd{"agent": (*world).cmd, "alone": (*world).alone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, config, credentials, names := many(t, 4)
			var cmds []*exec.Cmd
			for range 20 {
				cmds = append(cmds, command(w, "adopt", "--yes"))
			}
			atOnce(t, w, cmds)
			if text := w.read(w.credentials()); strings.Contains(text, "aws_") {
				t.Fatal("keys are still there")
			}
			for _, n := range names {
				w.keys(n, "bot")
			}
			w.ok(append([]string{"release", "--yes"}, names...)...)
			w.files(config, credentials)
			w.nothingLeft()
		})
	}
}

// Twenty processes adopt one profile each, then release it.
func TestManyAdoptTheirOwn(t *testing.T) {
	t.Parallel()
	w, config, credentials, names := many(t, 20)
	var adopt, release []*exec.Cmd
	for i, n := range names {
		command := w.cmd
		if i%4 == 0 {
			command = w.alone
		}
		adopt = append(adopt, command("adopt", n, "--yes"))
		release = append(release, command("release", n, "--yes"))
	}
	atOnce(t, w, adopt)
	if text := w.read(w.credentials()); strings.Contains(text, "aws_") {
		t.Fatal("keys are still there")
	}
	for _, n := range names {
		w.keys(n, "bot")
	}
	atOnce(t, w, release)
	w.files(config, credentials)
	w.nothingLeft()
}

func TestAdoptWhileReleasing(t *testing.T) {
	t.Parallel()
	w, config, credentials, names := many(t, 8)
	w.ok(append([]string{"adopt", "--yes"}, names[:4]...)...)
	for round := range 4 {
		in, out := names[:4], names[4:]
		if round%2 == 1 {
			in, out = out, in
		}
		var cmds []*exec.Cmd
		for i := range in {
			cmds = append(cmds, w.cmd("release", in[i], "--yes"), w.alone("adopt", out[i], "--yes"))
		}
		atOnce(t, w, cmds)
		for _, n := range names {
			w.keys(n, "bot")
		}
	}
	w.ok(append([]string{"release", "--yes"}, names[:4]...)...)
	w.files(config, credentials)
	w.nothingLeft()
}

// The AWS CLI writes files in place and takes no lock. It may undo a part of an adoption by writing
// what it read before; nothing is lost by that, and the next run completes it.
func TestAdoptBesideAWSConfigure(t *testing.T) {
	t.Parallel()
	skip.Need(t, "aws")
	w, config, credentials, names := many(t, 4)
	var all sync.WaitGroup
	all.Go(func() {
		for i := range 4 {
			cmd := exec.Command("aws", "configure", "set", "region", fmt.Sprintf("xx-north-%d", i), "--profile", "other")
			cmd.Env = append(w.cmd().Env, "PYENV_ROOT="+os.Getenv("PYENV_ROOT"))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("aws: %v: %s", err, redact(string(out)))
			}
		}
	})
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		for _, args := range [][]string{append([]string{"adopt", "--yes"}, names...), append([]string{"release", "--yes"}, names...)} {
			if r := w.run(args...); r.code != 0 && r.code != 8 && r.code != 3 { // changed all the time; nothing was adopted
				t.Error(r)
			}
		}
		w.keys(names[0], "bot")
	}
	w.ok("adopt", "--yes")
	for _, n := range names {
		w.keys(n, "bot")
	}
	w.ok(append([]string{"release", "--yes"}, names...)...)
	w.files(strings.Replace(config, "us-east-1", "xx-north-3", 1), credentials)
	w.nothingLeft()
}
