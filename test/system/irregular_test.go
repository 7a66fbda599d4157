//go:build linux

package system

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// irregular puts something else in a file's place: a directory, a FIFO, a device, a socket.
func irregular() map[string]func(t testing.TB, path string) error {
	return map[string]func(t testing.TB, path string) error{
		"fifo": func(_ testing.TB, path string) error { return syscall.Mkfifo(path, 0o600) },
		// A program holds it open and never writes: opening it does not block, reading would.
		"held": func(t testing.TB, path string) error {
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				return err
			}
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err == nil {
				t.Cleanup(func() { f.Close() })
			}
			return err
		},
		"directory": func(_ testing.TB, path string) error { return os.MkdirAll(filepath.Join(path, "sub"), 0o700) },
		"device":    func(_ testing.TB, path string) error { return os.Symlink("/dev/zero", path) },
		"socket": func(t testing.TB, path string) error {
			dir, err := os.MkdirTemp("", "s") // the names of sockets are short
			if err != nil {
				return err
			}
			t.Cleanup(func() { os.RemoveAll(dir) })
			l, err := net.Listen("unix", filepath.Join(dir, "s"))
			if err != nil {
				return err
			}
			t.Cleanup(func() { l.Close() })
			return os.Rename(filepath.Join(dir, "s"), path)
		},
	}
}

// Nothing in the place of a file that fob reads makes it hang: commands end, those that need the
// file name it and say what is wrong, and the agent can be stopped.
func TestIrregularFiles(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]struct {
		path func(w *world) string
		who  []string // the command that must name it; none if nothing depends on the file
	}{
		"config":        {(*world).config, []string{"list"}},
		"credentials":   {(*world).credentials, []string{"list"}},
		"own":           {func(w *world) string { return w.fobFile("config") }, []string{"list"}},
		"vault.age":     {func(w *world) string { return w.fobFile("vault.age") }, []string{"credentials", "bot"}},
		"vault.age.bak": {func(w *world) string { return w.fobFile("vault.age.bak") }, []string{"vault", "verify"}},
		"vault.json":    {func(w *world) string { return w.fobFile("vault.json") }, []string{"credentials", "bot"}},
		"identity.txt":  {func(w *world) string { return w.fobFile("identity.txt") }, []string{"credentials", "bot"}},
		"cache.age":     {func(w *world) string { return w.fobFile("cache.age") }, []string{"vault", "verify"}},
		"accounts":      {func(w *world) string { return w.fobFile("accounts/corp.json") }, []string{"list", "corp"}},
		"agent.log":     {func(w *world) string { return w.fobFile("agent.log") }, []string{"list"}},
		"audit.jsonl":   {func(w *world) string { return w.fobFile("audit.jsonl") }, nil},
		"usage.json":    {func(w *world) string { return w.fobFile("usage.json") }, nil},
		"written.json":  {func(w *world) string { return w.fobFile("written.json") }, nil},
		"lock":          {func(w *world) string { return w.fobFile("locks/vault.age.lock") }, nil},
		"principals":    {func(w *world) string { return w.fobFile("locks/principals") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := lived(t, "")
			w.write(w.fobFile("config"), "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n")
			w.ok("adopt", "--yes")
			w.ok("exec", "bot", "--", "true")
			for kind, put := range irregular() {
				w.agentStop()
				path := file.path(w)
				kept := path + ".kept"
				if err := os.Rename(path, kept); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), put(t, path)); err != nil {
					t.Fatal(err)
				}
				if file.who != nil {
					r := w.run(file.who...)
					said := r.err + r.out
					named := strings.Contains(said, path) || kind == "device" && strings.Contains(said, "/dev/zero")
					if r.code == 0 && file.who[0] != "vault" || !named || !strings.Contains(said, "no file") {
						t.Errorf("%s: fob %v: %v %s", kind, file.who, r, redact(r.out))
					}
				}
				for _, args := range [][]string{{"list"}, {"credentials", "reader"}, {"exec", "bot", "--", "true"}, {"vault", "status"}, {"lock"}} {
					if r := w.run(args...); file.who == nil && r.code != 0 && args[0] != "lock" && kind != "directory" {
						t.Errorf("%s: fob %v: %v", kind, args, r)
					}
				}
				if r := w.run("agent", "stop"); strings.Contains(r.err, "does not end") {
					t.Errorf("%s: %v", kind, r)
				}
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(kept, path); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				w.keys("bot", "bot") // nothing was lost
			}
		})
	}
}

// slow starts an agent for which opening or checking a path takes two hours, and returns its
// process.
func slow(w *world, path string) (pid int) {
	w.t.Helper()
	cmd := exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "-P", path, "-e", "inject=newfstatat,openat:delay_enter=7200000000", // microseconds
		filepath.Join(bin, "fob-agent"))
	cmd.Env = w.env
	ready, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	if line, err := bufio.NewReader(ready).ReadString('\n'); err != nil || line != "ready\n" {
		w.t.Fatalf("the agent says %q, %v", line, err)
	}
	return agentPID(w.t, w.ok("agent", "status", "--json"))
}

// If a file system does not answer, those who need it get an error after ten seconds, once, and
// others are not affected. The agent can be stopped at any time.
func TestHangingFile(t *testing.T) {
	t.Parallel()
	needStrace(t)
	for _, how := range []string{"stop", "TERM"} {
		for _, waiting := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s-%v", how, waiting), func(t *testing.T) {
				t.Parallel()
				w := lived(t, "")
				w.ok("agent", "stop")
				far := filepath.Join(w.home, "far")
				w.write(far, "[profile far]\nregion = eu-west-1\n")
				listing := func() *exec.Cmd {
					cmd := w.cmd("list")
					cmd.Env = append(cmd.Env, "AWS_CONFIG_FILE="+far)
					return cmd
				}
				pid := slow(w, far)
				if waiting {
					cmd := listing()
					if err := cmd.Start(); err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
					w.keys("bot", "bot") // elsewhere nothing hangs
				} else {
					for range 2 {
						if r := w.finish(listing()); r.code == 0 || !strings.Contains(r.err, far) || !strings.Contains(r.err, "no answer from its file system") {
							t.Error(r)
						}
						w.keys("bot", "bot")
					}
				}
				// strace holds the delayed thread, and with it the ended agent's sockets, so fob
				// agent stop would wait for them.
				cmd := w.cmd("agent", "stop")
				if how == "TERM" {
					cmd = exec.Command("kill", fmt.Sprint(pid))
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
				soon(t, "the agent ends", func() bool { return gone(pid) })
			})
		}
	}
}
