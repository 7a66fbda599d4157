//go:build linux

package system

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fob/test/skip"
)

const nobody = 65534

// stranger is this test binary, run as another user: a client that ignores all rules.
//
//	reach SOCKET   sends a request, prints how many bytes came back
//	squat SOCKET   listens, and prints how many bytes it was sent
//	peek PID       tries to look into a process
//	get ADDRESS…   sends requests over TCP, the headers from HEADERS
//	open ADDRESS   answers there
//	forward ADDRESS SOCKET
func stranger(args []string) int {
	switch args[0] {
	case "reach":
		c, err := net.Dial("unix", args[1])
		if err != nil {
			fmt.Println("cannot connect:", err)
			return 1
		}
		_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
		_, _ = io.WriteString(c, `{"jsonrpc":"2.0","id":1,"method":"agent.status","params":{"caller":{"version":""}}}`+"\n")
		n, err := c.Read(make([]byte, 4096))
		fmt.Println(n, "bytes", err)
	case "squat":
		l, err := net.Listen("unix", args[1])
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println("listening")
		c, err := l.Accept()
		if err != nil {
			return 1
		}
		data, _ := io.ReadAll(c)
		fmt.Println(len(data), "bytes")
	case "get", "open", "forward":
		return network(args)
	case "peek":
		pid, _ := strconv.Atoi(args[1])
		for _, name := range []string{"environ", "mem", "maps"} {
			f, err := os.Open(filepath.Join("/proc", args[1], name))
			if err == nil && name != "mem" {
				_, err = f.Read(make([]byte, 1))
			}
			fmt.Println(name, err == nil)
		}
		err := unix.PtraceAttach(pid)
		fmt.Println("ptrace", err == nil)
	}
	return 0
}

// public makes a folder that every user can enter, with the programs in it.
func public(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		skip.Because(t, skip.NotRoot)
	}
	for _, base := range []string{"", "/tmp", "/var/tmp"} {
		dir, err := os.MkdirTemp(base, "fob-public-")
		if err != nil {
			continue
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if dir, err = filepath.EvalSymlinks(dir); err != nil || !enterable(dir) {
			continue
		}
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		for name, from := range map[string]string{"fob": filepath.Join(bin, "fob"), "fob-agent": filepath.Join(bin, "fob-agent"), "stranger": self} {
			data, err := os.ReadFile(from)
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, name), data, 0o755)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	skip.Missing(t, "there is no folder for temporary files that all users may enter")
	return ""
}

func enterable(dir string) bool {
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
	}
	return true
}

func as(uid uint32, cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	cmd.Dir = "/"
	return cmd
}

func strangerCmd(dir string, uid uint32, args ...string) *exec.Cmd {
	return as(uid, exec.Command(filepath.Join(dir, "stranger"), args...))
}

// Another user gets nothing from the agent, even if all file modes allow access.
func TestAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	dir := public(t)
	w := worldIn(t, filepath.Join(dir, "user"))
	w.bin = dir
	w.ok("list")
	socket := w.fobFile("run/agent.sock")
	for path, mode := range map[string]os.FileMode{filepath.Dir(w.fob): 0o777, w.fob: 0o777, filepath.Dir(socket): 0o777, socket: 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if r := w.finish(strangerCmd(dir, 0, "reach", socket)); !strings.Contains(r.out, " bytes <nil>") {
		t.Fatalf("the stranger is no client: %s", r.out)
	}
	if r := w.finish(strangerCmd(dir, nobody, "reach", socket)); !strings.HasPrefix(r.out, "0 bytes") {
		t.Fatalf("another user got %s", r.out)
	}
	if log := w.read(w.fobFile("agent.log")); !strings.Contains(log, "a connection was refused") {
		t.Fatal("the log does not say so")
	}
	// fob itself does not talk to another user's agent either.
	cmd := as(nobody, w.cmd("list"))
	if r := w.finish(cmd); r.code == 0 {
		t.Fatalf("fob of another user: %v", r)
	}
	// The agent is still there for its own user, who had to close the directories first.
	for _, path := range []string{filepath.Dir(w.fob), w.fob, filepath.Dir(socket)} {
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.ok("list")
}

func TestRunDirIsPrivate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(run string) error
		says  string
	}{
		"mode":  {func(run string) error { return os.Chmod(run, 0o750) }, "chmod 700"},
		"owner": {func(run string) error { return os.Chown(run, nobody, nobody) }, "belongs to another user"},
		"link": {func(run string) error {
			if err := os.Remove(run); err != nil {
				return err
			}
			return os.Symlink(filepath.Dir(run), run)
		}, "a link or a file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "owner" && os.Getuid() != 0 {
				skip.Because(t, skip.NotRoot)
			}
			w := newWorld(t)
			run := w.fobFile("run")
			if err := os.MkdirAll(run, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := c.spoil(run); err != nil {
				t.Fatal(err)
			}
			if r := w.run("list"); r.code != 1 || !strings.Contains(r.err, c.says) || !strings.Contains(r.err, run) {
				t.Fatal(r)
			}
		})
	}
}

// If another user listens on the socket, nothing is sent there.
func TestSquattedSocket(t *testing.T) {
	t.Parallel()
	dir := public(t)
	w := worldIn(t, filepath.Join(dir, "user"))
	w.bin = dir
	run := w.fobFile("run")
	if err := os.MkdirAll(run, 0o700); err != nil {
		t.Fatal(err)
	}
	open := func(mode os.FileMode) {
		for _, path := range []string{filepath.Dir(w.fob), w.fob, run} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	open(0o777)
	squatter := strangerCmd(dir, nobody, "squat", filepath.Join(run, "agent.sock"))
	out, err := squatter.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := squatter.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 100)
	if n, _ := out.Read(line); !strings.HasPrefix(string(line[:n]), "listening") {
		t.Fatalf("%s", line[:n])
	}
	open(0o755)
	if err := os.Chmod(run, 0o700); err != nil {
		t.Fatal(err)
	}
	r := w.run("credentials", "bot")
	if r.code == 0 || !strings.Contains(r.err, fmt.Sprintf("belongs to user %d", nobody)) {
		t.Error(r)
	}
	n, _ := out.Read(line)
	if got := string(line[:n]); !strings.HasPrefix(got, "0 bytes") {
		t.Errorf("the squatter got %s", got)
	}
	_ = squatter.Wait()
	_ = os.Remove(filepath.Join(run, "agent.sock"))
}

// If another user listens where the session bus is expected, nothing is sent there, neither the
// vault's identity nor a greeting. Any user may take an unused abstract address.
func TestBusOfAnotherUser(t *testing.T) {
	t.Parallel()
	dir := public(t)
	for _, kind := range []string{"abstract", "path"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			socket := filepath.Join(dir, "bus-"+kind)
			listen := map[string]string{"abstract": "@" + socket, "path": socket}[kind]
			if kind == "path" {
				open := filepath.Join(dir, "open")
				if err := errors.Join(os.Mkdir(open, 0o700), os.Chmod(open, 0o777)); err != nil {
					t.Fatal(err)
				}
				socket, listen = filepath.Join(open, "bus"), filepath.Join(open, "bus")
			}
			squatter := strangerCmd(dir, nobody, "squat", listen)
			out, err := squatter.StdoutPipe()
			if err == nil {
				err = squatter.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			said := bufio.NewScanner(out)
			if !said.Scan() || said.Text() != "listening" {
				t.Fatal(said.Text())
			}
			w.env = append(w.env, "DBUS_SESSION_BUS_ADDRESS=unix:"+kind+"="+socket)
			r := w.run("vault", "init", "--unlock", "keyring")
			if r.code == 0 || !strings.Contains(r.err, fmt.Sprintf("belongs to another user (uid %d)", nobody)) || !strings.Contains(r.err, "hint: set DBUS_SESSION_BUS_ADDRESS") {
				t.Error(r)
			}
			if !said.Scan() || said.Text() != "0 bytes" {
				t.Errorf("the stranger got %s", said.Text())
			}
			_ = squatter.Wait()
		})
	}
}

// ofNobody makes a world that belongs to an unprivileged user.
func ofNobody(t *testing.T) (w *world, dir string) {
	dir = public(t)
	home := filepath.Join(dir, "user")
	w = worldIn(t, home)
	w.bin = dir
	err := filepath.WalkDir(home, func(path string, _ os.DirEntry, err error) error {
		if err == nil {
			err = os.Chown(path, nobody, nobody)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, dir
}

// Other programs of the same user cannot read the agent's memory. Root always can, so the test runs
// as another user.
func TestAgentsMemoryIsClosed(t *testing.T) {
	t.Parallel()
	w, dir := ofNobody(t)
	if r := w.finish(as(nobody, w.cmd("list"))); r.code != 0 {
		t.Fatal(r)
	}
	t.Cleanup(func() { _ = as(nobody, w.cmd("agent", "stop")).Run() })
	pid := agentPID(t, w.finish(as(nobody, w.cmd("agent", "status", "--json"))))

	// The memory of an unprotected process can be read.
	sleep := as(nobody, exec.Command("sleep", "60"))
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sleep.Process.Kill(); _ = sleep.Wait() })
	r := w.finish(strangerCmd(dir, nobody, "peek", strconv.Itoa(sleep.Process.Pid)))
	if !strings.Contains(r.out, "environ true") || !strings.Contains(r.out, "mem true") {
		t.Fatalf("the stranger cannot look into anything: %s", r.out)
	}
	r = w.finish(strangerCmd(dir, nobody, "peek", strconv.Itoa(pid)))
	if r.out != "environ false\nmem false\nmaps false\nptrace false\n" {
		t.Fatalf("%s", r.out)
	}
	if _, err := exec.LookPath("gdb"); err == nil {
		gdb := as(nobody, exec.Command("gdb", "-nx", "-batch", "-p", strconv.Itoa(pid), "-ex", "info registers"))
		gdb.Env = []string{"HOME=/", "PATH=" + os.Getenv("PATH")}
		r := w.finish(gdb)
		if !strings.Contains(r.out+r.err, "not permitted") || strings.Contains(r.out, "rip") {
			t.Fatalf("gdb: %s %s", r.out, r.err)
		}
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(strings.Fields(string(limits)), " "), "Max core file size 0 0 bytes") {
		t.Fatalf("core files are allowed:\n%s", limits)
	}
}

func agentPID(t testing.TB, r result) int {
	t.Helper()
	var status struct{ PID int }
	if err := json.Unmarshal([]byte(r.out), &status); err != nil || status.PID == 0 {
		t.Fatalf("no status: %v", r)
	}
	return status.PID
}

// If the agent crashes there is no core file, whatever the user's limits and GOTRACEBACK are.
func TestNoCoreFile(t *testing.T) {
	t.Parallel()
	skip.Need(t, "prlimit")
	w := newWorld(t)
	cmd := exec.Command("prlimit", "--core=unlimited", filepath.Join(w.bin, "fob-agent"))
	cmd.Env = append(w.cmd().Env, "GOTRACEBACK=crash")
	cmd.Dir = w.home
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	soon(t, "the agent listens", func() bool {
		_, err := os.Lstat(w.fobFile("run/agent.sock"))
		return err == nil
	})
	if err := cmd.Process.Signal(syscall.SIGSEGV); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.CoreDump() {
		t.Fatalf("signaled %v, core %v", status.Signaled(), status.CoreDump())
	}
	for _, dir := range []string{w.home, w.fob} {
		if files := w.tree(dir); strings.Contains(files, "core") {
			t.Fatal(files)
		}
	}
}
