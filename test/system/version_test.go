//go:build linux

package system

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"fob/test/build"
)

// versions are folders with programs of two versions; the programs of TestMain
// are the third and oldest, 0.1.0-dev.
var versions = sync.OnceValues(func() (map[string]string, error) {
	dirs := map[string]string{"0.1.0": bin}
	for version, names := range map[string][]string{"0.2.0": {"fob", "fob-agent"}, "0.3.0": {"fob-agent"}} {
		dirs[version] = filepath.Join(bin, version)
		if err := os.Mkdir(dirs[version], 0o755); err != nil {
			return nil, err
		}
		if err := build.Programs(dirs[version], []string{"-ldflags", "-X main.version=" + version}, names...); err != nil {
			return nil, err
		}
	}
	return dirs, nil
})

// inVersion makes a world whose fob is 0.2.0 and whose agent, which runs
// already, is of the version given.
func inVersion(t *testing.T, version string) *world {
	t.Helper()
	dirs, err := versions()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.bin = dirs["0.2.0"]
	if version != "" {
		w.startAgent(filepath.Join(dirs[version], "fob-agent"))
	}
	return w
}

// startAgent runs an agent as a child of this test until it listens. With more
// arguments, the program is a command that starts it.
func (w *world) startAgent(program string, args ...string) *exec.Cmd {
	w.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = w.cmd().Env
	cmd.Dir = w.home
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		w.t.Fatalf("the agent says %q", line)
	}
	return cmd
}

func TestOlderAgentIsReplaced(t *testing.T) {
	t.Parallel()
	w := inVersion(t, "0.1.0")
	first := agentPID(t, w.ok("agent", "status", "--json"))
	r := w.ok("list")
	if !strings.Contains(r.err, "replacing the running agent, version 0.1.0-dev, by version 0.2.0") {
		t.Fatal(r)
	}
	if r := w.ok("agent", "status", "--json"); !strings.Contains(r.out, `"version": "0.2.0"`) || agentPID(t, r) == first {
		t.Fatal(r.out)
	}
	if r := w.ok("list"); strings.Contains(r.err, "replacing") {
		t.Fatal(r)
	}
}

// Many at once replace it once, and all of them get an answer.
func TestOlderAgentIsReplacedOnce(t *testing.T) {
	t.Parallel()
	w := inVersion(t, "0.1.0")
	var cmds []*exec.Cmd
	for range 10 {
		cmds = append(cmds, w.cmd("list"))
	}
	atOnce(t, w, cmds)
	if n := strings.Count(w.read(w.fobFile("agent.log")), `msg="agent started" version=0.2.0`); n != 1 {
		t.Fatalf("%d agents were started", n)
	}
}

func TestNewerAgentIsRefused(t *testing.T) {
	t.Parallel()
	w := inVersion(t, "0.3.0")
	for _, args := range [][]string{{"list"}, {"credentials", "bot"}, {"adopt", "--yes"}} {
		r := w.run(args...)
		if r.code != 10 || r.out != "" || !strings.Contains(r.err, "0.3.0") || !strings.Contains(r.err, "0.2.0") || !strings.Contains(r.err, "fob agent stop") {
			t.Fatal(r)
		}
	}
	if r := w.ok("agent", "status", "--json"); !strings.Contains(r.out, `"version": "0.3.0"`) {
		t.Fatal(r.out)
	}
	w.ok("agent", "stop")
	w.ok("list")
}

// The agent beside fob may be another's version too, after half an upgrade.
func TestAgentBesideIsOfAnotherVersion(t *testing.T) {
	t.Parallel()
	dirs, err := versions()
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"0.1.0", "0.3.0"} {
		t.Run(other, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.bin = t.TempDir()
			for name, from := range map[string]string{"fob": dirs["0.2.0"], "fob-agent": dirs[other]} {
				if err := os.Link(filepath.Join(from, name), filepath.Join(w.bin, name)); err != nil {
					t.Fatal(err)
				}
			}
			for _, cmd := range []*exec.Cmd{w.cmd("list"), w.alone("list")} {
				if r := w.tell(cmd); r.code != 10 || !strings.Contains(r.err, other) || !strings.Contains(r.err, "hint: ") {
					t.Fatal(r)
				}
			}
		})
	}
}

// What is at the socket may be no agent at all.
func TestSomethingElseAtTheSocket(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"garbage": "hello\n", "silence": "", "html": "HTTP/1.1 400 Bad Request\r\n\r\n",
		"another question": `{"jsonrpc":"2.0","id":99,"result":[]}` + "\n", "unknown call": `{"jsonrpc":"2.0","id":5,"method":"ui.dance"}` + "\n",
		"unknown error": `{"jsonrpc":"2.0","id":1,"error":{"code":77,"message":"what","data":{"kind":"novel"}}}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if err := os.Mkdir(w.fobFile("run"), 0o700); err != nil {
				t.Fatal(err)
			}
			l, err := net.Listen("unix", w.fobFile("run/agent.sock"))
			if err != nil {
				t.Fatal(err)
			}
			var served sync.WaitGroup
			served.Go(func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					line := make([]byte, 1<<16)
					_, _ = c.Read(line)
					_, _ = fmt.Fprint(c, answer)
					if answer != "" && strings.Contains(answer, "ui.dance") {
						_, _ = c.Read(line)
					}
					_ = c.Close()
				}
			})
			r := w.run("list")
			_ = l.Close()
			served.Wait()
			if r.code == 0 || r.out != "" || !strings.HasPrefix(r.err, "fob: ") {
				t.Fatal(r)
			}
		})
	}
}
