//go:build linux

package system

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fob/test/skip"
)

// keysOf returns the access key id that fob delivers for a profile.
func (w *world) keysOf(profile string) string {
	w.t.Helper()
	var c struct{ AccessKeyId string }
	if err := json.Unmarshal([]byte(w.ok("credentials", profile).out), &c); err != nil || c.AccessKeyId == "" {
		w.t.Fatalf("credentials of %s are no JSON", profile)
	}
	return c.AccessKeyId
}

// gone reports whether a process has ended; zombies count.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || bytes.Contains(stat, []byte(") Z "))
}

func TestTerminatedAgentKeepsItsCache(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := lived(t, "")
			w.ok("adopt", "--yes")
			before := w.keysOf("reader")
			pid := agentPID(t, w.ok("agent", "status", "--json"))
			if err := syscall.Kill(pid, signal); err != nil {
				t.Fatal(err)
			}
			soon(t, "the agent ends", func() bool { return gone(pid) })
			if _, err := os.Lstat(w.fobFile("run/agent.sock")); err == nil {
				t.Error("the socket is still there")
			}
			if after := w.keysOf("reader"); after != before {
				t.Error("the session was not in the cache")
			}
		})
	}
}

// agents returns the running processes of a program.
func agents(program string) (pids []string) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if exe, err := os.Readlink(filepath.Join("/proc", e.Name(), "exe")); err == nil && exe == program {
			pids = append(pids, e.Name())
		}
	}
	return pids
}

func TestFiftyStartOneAgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bin = scripted(t, "")
	agent := filepath.Join(w.bin, "fob-agent")
	if err := os.Remove(agent); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(bin, "fob-agent"), agent); err != nil {
		t.Fatal(err)
	}
	var cmds []*exec.Cmd
	for range 50 {
		cmds = append(cmds, w.cmd("list"))
	}
	atOnce(t, w, cmds)
	soon(t, "one agent is left", func() bool { return len(agents(agent)) == 1 })
	if n := strings.Count(w.read(w.fobFile("agent.log")), "agent started"); n != 1 {
		t.Fatalf("%d agents listened", n)
	}
	if pid := agentPID(t, w.ok("agent", "status", "--json")); agents(agent)[0] != fmt.Sprint(pid) {
		t.Fatalf("%v runs, and %d answers", agents(agent), pid)
	}
}

func (w *world) dial() net.Conn {
	w.t.Helper()
	c, err := net.Dial("unix", w.fobFile("run/agent.sock"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestFewDescriptors(t *testing.T) {
	t.Parallel()
	skip.Need(t, "prlimit")
	w := lived(t, "")
	w.ok("adopt", "--yes")
	before := w.keysOf("reader")
	w.agentStop()
	w.startAgent("prlimit", "--nofile=64:64", filepath.Join(w.bin, "fob-agent"))
	for range 30 { // open, and idle
		w.dial()
	}
	if w.keysOf("reader") != before {
		t.Fatal("the cache is not used")
	}
	var crowd []net.Conn
	for range 80 {
		crowd = append(crowd, w.dial())
	}
	for _, c := range crowd {
		_ = c.Close()
	}
	if w.keysOf("reader") != before {
		t.Fatal("the cache is not used any more")
	}
	w.ok("vault", "verify")
	if left := w.leftovers(); left != "" {
		t.Fatalf("set aside for want of descriptors: %s", left)
	}
	if log := w.read(w.fobFile("agent.log")); strings.Count(log, "accept failed") > 20 {
		t.Fatal("the log is flooded")
	}
}

// A front end that sends requests and does not read blocks nobody else, and does not keep the agent
// from ending.
func TestSlowFrontEnd(t *testing.T) {
	t.Parallel()
	w, _, _, _ := many(t, 200) // long listings
	w.ok("list")
	slow := w.dial()
	request := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"list","params":{"caller":{"version":"0.1.0-dev","paths":{"config":%q,"credentials":%q}}}}`+"\n", w.config(), w.credentials())
	if _, err := io.WriteString(slow, strings.Repeat(request, 40)); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for range 5 {
		w.ok("list")
	}
	if took := time.Since(start); took > 30*time.Second { // after which the agent gives the slow one up
		t.Errorf("others waited %v", took)
	}
	pid := agentPID(t, w.ok("agent", "status", "--json"))
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	soon(t, "the agent ends", func() bool { return gone(pid) })
}

// Whatever is sent to the socket, the agent keeps running.
func TestGarbageOnTheSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok("list")
	pid := agentPID(t, w.ok("agent", "status", "--json"))
	for name, text := range map[string]string{
		"bytes": "\x00\xff\xfe\n", "mebibyte": strings.Repeat("x", 1<<20) + "\n", "endless": strings.Repeat("y", 3<<20),
		"deep":      `{"jsonrpc":"2.0","id":1,"method":"list","params":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}\n",
		"deep keys": `{"jsonrpc":"2.0","id":1,"method":"list","params":` + strings.Repeat(`{"caller":`, 20_000) + "0" + strings.Repeat("}", 20_000) + "}\n",
		"half":      `{"jsonrpc":"2.0","id":1,`, "empty": strings.Repeat("\n", 1000), "null": "null\n[]\n0\n",
		"types":  `{"jsonrpc":"2.0","id":1,"method":"list","params":{"caller":7}}` + "\n",
		"answer": `{"jsonrpc":"2.0","id":1,"result":{}}` + "\n" + `{"jsonrpc":"2.0","result":{}}` + "\n",
		"many":   strings.Repeat(`{"jsonrpc":"2.0","id":1,"method":"kinds","params":{"caller":{"version":"0.1.0-dev"}}}`+"\n", 500),
	} {
		t.Run(name, func(t *testing.T) {
			c := w.dial()
			_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
			go func() {
				_, _ = io.WriteString(c, text) // may be cut off
				_ = c.(*net.UnixConn).CloseWrite()
			}()
			for r := bufio.NewReader(c); ; {
				line, err := r.ReadBytes('\n')
				if len(line) > 0 && !json.Valid(line) {
					t.Fatalf("the agent says %.100q", line)
				}
				if e, ok := err.(net.Error); ok && e.Timeout() {
					t.Fatal("the connection stays open")
				}
				if err != nil {
					break
				}
			}
			if now := agentPID(t, w.ok("agent", "status", "--json")); now != pid {
				t.Fatal("it is another agent")
			}
		})
	}
}

// stdout is closed, full, or read by nobody.
func TestOutputThatGoesNowhere(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	w.ok("adopt", "--yes")
	shell := func(script string) result {
		cmd := exec.Command("sh", "-c", script)
		cmd.Env = append(w.cmd().Env, "FOB="+filepath.Join(w.bin, "fob"))
		cmd.Dir = w.home
		return w.finish(cmd)
	}
	if r := shell(`"$FOB" credentials bot >/dev/full`); r.code != 1 || !strings.Contains(r.err, "standard output") {
		t.Errorf("full: %v", r)
	}
	for name, script := range map[string]string{
		"closed": `"$FOB" credentials bot >&-`, "nobody reads": `"$FOB" credentials bot | true`, "all closed": `"$FOB" credentials bot <&- >&- 2>&-`,
		"closed, alone": `FOB_AGENT=off "$FOB" credentials bot >&-`,
	} {
		if r := shell(script); r.code != 0 && r.code != 1 {
			t.Errorf("%s: %v", name, r)
		}
		// The output must not have been written to the socket or to a file.
		w.ok("agent", "status")
	}
	w.keys("bot", "bot")
	found := w.read(w.fobFile("agent.log")) + w.read(w.fobFile("audit.jsonl"))
	if strings.Contains(found, stage().secret("bot")) {
		t.Error("a secret went astray")
	}
}
