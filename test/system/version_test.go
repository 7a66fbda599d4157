//go:build linux

package system

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"fob/internal/api"
	"fob/test/build"
)

// builds are folders with other builds than TestMain's, whose version is 0.1.0-dev: "0.2.0" has the
// same protocol, "next" the next one.
var builds = sync.OnceValues(func() (map[string]string, error) {
	overlay, err := nextProtocol()
	if err != nil {
		return nil, err
	}
	dirs := map[string]string{"0.1.0-dev": bin}
	for version, flags := range map[string][]string{"0.2.0": nil, "next": {"-overlay", overlay}} {
		dirs[version] = filepath.Join(bin, version)
		if err := os.Mkdir(dirs[version], 0o755); err != nil {
			return nil, err
		}
		if err := build.Programs(dirs[version], append(flags, "-ldflags", "-X main.version="+version)); err != nil {
			return nil, err
		}
	}
	return dirs, nil
})

// nextProtocol writes the overlay with which go build makes a fob of the next protocol.
func nextProtocol() (overlay string, err error) {
	source, err := filepath.Abs("../../internal/api/hello.go")
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(source)
	if err != nil {
		return "", err
	}
	own := fmt.Sprintf("const Protocol = %d\n", api.Protocol)
	if !strings.Contains(string(text), own) {
		return "", fmt.Errorf("%s has no line %q", source, own)
	}
	changed, overlay := filepath.Join(bin, "hello.go"), filepath.Join(bin, "overlay.json")
	next := strings.Replace(string(text), own, fmt.Sprintf("const Protocol = %d\n", api.Protocol+1), 1)
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {source: changed}})
	return overlay, errors.Join(err, os.WriteFile(changed, []byte(next), 0o600), os.WriteFile(overlay, replace, 0o600))
}

// ofBuild makes a world with the front end of one build and a running agent of another.
func ofBuild(t *testing.T, front, agent string) *world {
	t.Helper()
	dirs, err := builds()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.bin = dirs[front]
	w.startAgent(filepath.Join(dirs[agent], "fob-agent"))
	return w
}

// with returns the same world with the programs of another build.
func (w *world) with(build string) *world {
	w.t.Helper()
	dirs, err := builds()
	if err != nil {
		w.t.Fatal(err)
	}
	other := *w
	other.bin = dirs[build]
	return &other
}

// bot adds a user's profile in clear.
func (w *world) bot() {
	w.t.Helper()
	w.write(w.config(), stage().expand("[profile bot]\naws_access_key_id = @bot.id@\naws_secret_access_key = @bot.secret@\nregion = eu-west-1\nendpoint_url = @URL@\n"))
}

// startAgent runs an agent as a child of this test and waits until it listens. With more arguments,
// program is a command that starts the agent.
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

// Builds with the same protocol share one agent, whatever their versions are.
func TestOtherBuildOfTheSameProtocol(t *testing.T) {
	t.Parallel()
	w := ofBuild(t, "0.2.0", "0.1.0-dev")
	w.bot()
	w.ok("add", "role", "reader", "--role-arn", stage().expand("@ReadOnly@"), "--source-profile", "bot") // show says nothing beside it
	first := agentPID(t, w.ok("agent", "status", "--json"))
	for _, build := range []string{"0.2.0", "0.1.0-dev", "0.2.0"} {
		one := w.with(build)
		one.keys("bot", "")
		for _, args := range [][]string{{"list"}, {"show", "reader"}, {"vault", "status"}, {"agent", "status"}} {
			if r := one.ok(args...); r.err != "" {
				t.Fatalf("%s %v: %s", build, args, r.err)
			}
		}
	}
	if r := w.ok("agent", "status", "--json"); !strings.Contains(r.out, `"version": "0.1.0-dev"`) || agentPID(t, r) != first {
		t.Fatal(r.out)
	}
}

// If the agent's program file was replaced the agent goes on, and its status says so, with what a
// restart would mean.
func TestProgramIsReplaced(t *testing.T) {
	t.Parallel()
	dirs, err := builds()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.bin = t.TempDir()
	install := func(build string) {
		for _, name := range []string{"fob", "fob-agent"} {
			place := filepath.Join(w.bin, name)
			if err := errors.Join(os.Link(filepath.Join(dirs[build], name), place+".new"), os.Rename(place+".new", place)); err != nil {
				t.Fatal(err)
			}
		}
	}
	install("0.1.0-dev")
	w.bot()
	w.ok("vault", "init", "--unlock", "file")
	out := filepath.Join(w.home, "out")
	w.allowed[out] = true
	w.ok("write", "bot", "--to", out)
	before := w.ok("agent", "status", "--json")
	if before.err != "" || !strings.Contains(before.out, `"changed": false`) {
		t.Fatal(before)
	}

	install("0.2.0")
	w.keys("bot", "")
	after := w.ok("agent", "status", "--json")
	want := "fob: another fob-agent is installed than the one that is running, which goes on; with fob agent stop, the vault is locked, " +
		"the file that fob write made is deleted and endpoints go on, and start the new program with their next question\n"
	if agentPID(t, after) != agentPID(t, before) || !strings.Contains(after.out, `"version": "0.1.0-dev"`) || after.err != want {
		t.Fatalf("%s: %s", after.err, after.out)
	}
	w.ok("agent", "stop")
	if r := w.ok("agent", "stop"); !strings.Contains(r.err, "no agent is running") {
		t.Fatal(r)
	}
	w.keys("bot", "")
	if r := w.ok("agent", "status", "--json"); r.err != "" || !strings.Contains(r.out, `"version": "0.2.0"`) {
		t.Fatal(r)
	}
}

// An agent with an older protocol is replaced, with one sentence that says what is lost.
func TestOlderProtocolIsReplaced(t *testing.T) {
	t.Parallel()
	w := ofBuild(t, "0.1.0-dev", "0.1.0-dev")
	w.bot()
	w.ok("vault", "init", "--unlock", "file")
	out := filepath.Join(w.home, "out")
	w.allowed[out] = true
	w.ok("write", "bot", "--to", out)
	first := agentPID(t, w.ok("agent", "status", "--json"))

	next := w.with("next")
	r := next.ok("list")
	want := "fob: replacing the running fob-agent, version 0.1.0-dev, which speaks an older protocol: the vault is locked, " +
		"the file that fob write made is deleted and endpoints that older programs serve have to be started again\nfob: removed " + out + "\n"
	if r.err != want {
		t.Fatalf("it says %q", r.err)
	}
	if _, err := os.Lstat(out); err == nil {
		t.Error("the file is there still")
	}
	if r := next.ok("agent", "status", "--json"); !strings.Contains(r.out, `"version": "next"`) || agentPID(t, r) == first {
		t.Fatal(r.out)
	}
	if r := next.ok("list"); r.err != "" {
		t.Fatal(r)
	}
}

// Many front ends at once replace it once, and all get an answer.
func TestOlderProtocolIsReplacedOnce(t *testing.T) {
	t.Parallel()
	w := ofBuild(t, "next", "0.1.0-dev")
	var cmds []*exec.Cmd
	for range 10 {
		cmds = append(cmds, w.cmd("list"))
	}
	atOnce(t, w, cmds)
	if n := strings.Count(w.read(w.fobFile("agent.log")), `msg="agent started" version=next`); n != 1 {
		t.Fatalf("%d agents were started", n)
	}
}

func TestNewerProtocolIsRefused(t *testing.T) {
	t.Parallel()
	w := ofBuild(t, "0.2.0", "next")
	next := w.with("next")
	first := agentPID(t, next.ok("agent", "status", "--json"))
	for _, args := range [][]string{{"list"}, {"credentials", "bot"}, {"adopt", "--yes"}} {
		r := w.run(args...)
		if r.code != 10 || r.out != "" || !strings.Contains(r.err, fmt.Sprintf("version next, speaks protocol %d, and this fob speaks %d", api.Protocol+1, api.Protocol)) || !strings.Contains(r.err, "fob agent stop") {
			t.Fatal(r)
		}
	}
	if agentPID(t, next.ok("agent", "status", "--json")) != first {
		t.Fatal("it was replaced")
	}
	// Its status is answered for every protocol.
	r := w.ok("agent", "status", "--json")
	if !strings.Contains(r.out, `"version": "next"`) || !strings.Contains(r.out, fmt.Sprintf(`"protocol": %d`, api.Protocol+1)) || !strings.Contains(r.err, "speaks protocol") {
		t.Fatal(r)
	}
	w.ok("agent", "stop")
	w.ok("list")
}

// After an incomplete upgrade, the fob-agent beside fob may speak another protocol.
func TestAgentBesideSpeaksAnotherProtocol(t *testing.T) {
	t.Parallel()
	dirs, err := builds()
	if err != nil {
		t.Fatal(err)
	}
	for front, agent := range map[string]string{"0.2.0": "next", "next": "0.2.0"} {
		t.Run(front, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.bin = t.TempDir()
			for name, from := range map[string]string{"fob": dirs[front], "fob-agent": dirs[agent]} {
				if err := os.Link(filepath.Join(from, name), filepath.Join(w.bin, name)); err != nil {
					t.Fatal(err)
				}
			}
			// Only the program fob is of that build; other commands run in fob-agent.
			for _, cmd := range []*exec.Cmd{w.cmd("credentials", "bot"), w.alone("credentials", "bot")} {
				if r := w.finish(cmd); r.code != 10 || !strings.Contains(r.err, "version "+agent) || !strings.Contains(r.err, "hint: ") {
					t.Fatal(r)
				}
			}
		})
	}
}

// Another program may listen on the socket.
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
