//go:build linux

package system

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fob/test/skip"
)

// terminal is a pseudo-terminal with a program on it.
type terminal struct {
	t      *testing.T
	master *os.File
	slave  *os.File
	cmd    *exec.Cmd

	mu   sync.Mutex
	said strings.Builder
}

// onTerminal starts a program on a terminal; stdout may be another file.
func onTerminal(t *testing.T, cmd *exec.Cmd, stdout ...*os.File) *terminal {
	t.Helper()
	// Non-blocking, so that closing it ends a read in progress.
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		skip.Missing(t, "there are no pseudo-terminals: %v", err)
	}
	master := os.NewFile(uintptr(fd), "/dev/ptmx")
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, master: master, slave: slave, cmd: cmd}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	for _, out := range stdout {
		cmd.Stdout = out
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			term.mu.Lock()
			term.said.Write(buf[:n])
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = slave.Close()
		_ = master.Close()
	})
	return term
}

func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.said.String()
}

func (term *terminal) expect(text string) {
	term.t.Helper()
	soon(term.t, fmt.Sprintf("the terminal shows %q", text), func() bool { return strings.Contains(term.text(), text) })
}

func (term *terminal) typing(text string) {
	term.t.Helper()
	if _, err := io.WriteString(term.master, text); err != nil {
		term.t.Fatal(err)
	}
}

func (term *terminal) echoes() bool {
	state, err := unix.IoctlGetTermios(int(term.slave.Fd()), unix.TCGETS)
	if err != nil {
		term.t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

func (term *terminal) wait() int {
	term.t.Helper()
	timer := time.AfterFunc(2*time.Minute, func() { _ = term.cmd.Process.Kill() })
	defer timer.Stop()
	_ = term.cmd.Wait()
	return term.cmd.ProcessState.ExitCode()
}

// Ctrl-C or Ctrl-D at a prompt, hidden or not: the terminal is restored, the exit code is 130, and
// nothing has changed. Text typed at a hidden prompt is not shown. The prompt can be cancelled even
// if SIGINT was ignored when fob was started.
func TestInterruptedAtAPrompt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args   []string
		prompt string
		hidden bool
		cmd    func(w *world, args ...string) *exec.Cmd
	}{
		"hidden":        {[]string{"add", "user", "late", "--access-key-id", "AKIAIOSFODNN7EXAMPLE"}, "secret access key", true, (*world).cmd},
		"hidden, alone": {[]string{"add", "user", "late", "--access-key-id", "AKIAIOSFODNN7EXAMPLE"}, "secret access key", true, (*world).alone},
		"consent":       {[]string{"adopt"}, "[y/N]", false, (*world).cmd},
		"code":          {[]string{"credentials", "jane"}, "MFA", false, (*world).cmd},
		"code, ignored": {[]string{"credentials", "jane"}, "MFA", false, (*world).ignoring},
	} {
		for key, typed := range map[string]string{"Ctrl-C": "abc\x03", "Ctrl-D": "\x04", "Ctrl-D after text": "abc\x04\x04"} {
			t.Run(name+" "+key, func(t *testing.T) {
				t.Parallel()
				w := lived(t, "")
				term := onTerminal(t, c.cmd(w, c.args...))
				term.expect(c.prompt)
				term.typing(typed)
				if code := term.wait(); code != 130 {
					t.Fatalf("exit %d: %s", code, redact(term.text()))
				}
				if !term.echoes() {
					t.Fatal("the terminal stays silent")
				}
				if c.hidden && strings.Contains(term.text(), "abc") {
					t.Fatal("what was hidden is on the terminal")
				}
				w.original()
			})
		}
	}
}

// If fob is killed by a signal at a hidden prompt, it restores the terminal first.
func TestEndedAtAHiddenPrompt(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		w := lived(t, "")
		term := onTerminal(t, w.cmd("add", "user", "late", "--access-key-id", "AKIAIOSFODNN7EXAMPLE"))
		term.expect("secret access key")
		if term.echoes() {
			t.Fatal("what is typed shows")
		}
		if err := term.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		if code := term.wait(); code == 0 || !term.echoes() {
			t.Fatalf("%v: exit %d, the terminal shows what is typed: %v", s, code, term.echoes())
		}
		w.original()
	}
}

// Ctrl-Z and fg at a prompt: meanwhile the shell has its terminal, then the question is shown
// again, and text typed at a hidden prompt is still not shown. The same after SIGSTOP. (If another
// program is between shell and fob, the system may stop fob just before it stops itself; then a
// second Ctrl-Z and fg are needed, which is not tested.)
func TestStoppedAtAPrompt(t *testing.T) {
	t.Parallel()
	for name, shell := range map[string][]string{
		"bash": {"bash", "--norc", "--noprofile", "-i"},
		"zsh":  {"zsh", "-f", "-i"},
		"fish": {"fish", "--no-config", "-i"},
	} {
		for _, c := range []struct {
			name, args, prompt string
			hidden             bool
			stop               func(t *testing.T, term *terminal)
		}{
			{"hidden", "add user late --access-key-id AKIAIOSFODNN7EXAMPLE", "secret access key", true, ctrlZ},
			{"by force", "add user late --access-key-id AKIAIOSFODNN7EXAMPLE", "secret access key", true, byForce},
			{"code", "credentials jane", "MFA code", false, ctrlZ},
		} {
			t.Run(name+" "+c.name, func(t *testing.T) {
				t.Parallel()
				skip.Need(t, name)
				w := lived(t, "")
				cmd := exec.Command(shell[0], shell[1:]...)
				cmd.Env = append(w.cmd().Env, "FOB="+filepath.Join(w.bin, "fob"), "PS1=READY> ", "HISTFILE=", "TERM=dumb")
				cmd.Dir = w.home
				term := onTerminal(t, cmd)
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("%q", redact(term.text()))
					}
				})
				term.after("echo in''side\r", "inside")
				command := "$FOB " + c.args
				for range 2 {
					term.after(command+"\r", c.prompt)
					for range 2 {
						before, group := term.text(), term.group()
						c.stop(t, term)
						soon(t, "the shell tells", func() bool {
							news := strings.ToLower(strings.TrimPrefix(term.text(), before))
							return strings.Contains(news, "stopped") || strings.Contains(news, "suspended")
						})
						soon(t, "the whole job stands still", func() bool { return groupStopped(group) }) // and reads nothing
						term.after("echo me''anwhile\r", "meanwhile")
						term.after("fg\r", c.prompt)
					}
					if term.echoes() == c.hidden {
						t.Errorf("what is typed shows: %v", !c.hidden)
					}
					term.after("abc\x03", "cancelled")
					term.after("\r", "\n")
					if c.hidden && strings.Contains(term.text(), "abc") {
						t.Error("what was hidden is on the terminal")
					}
				}
				w.original()
			})
		}
	}
}

// If no shell would continue fob, Ctrl-Z does not stop it for ever.
func TestNobodyToContinueAtAPrompt(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	term := onTerminal(t, w.cmd("add", "user", "late", "--access-key-id", "AKIAIOSFODNN7EXAMPLE"))
	term.expect("secret access key")
	term.typing("\x1a")
	if term.echoes() {
		t.Error("what is typed shows")
	}
	term.typing("\x03")
	if code := term.wait(); code != 130 || !term.echoes() {
		t.Errorf("exit %d, the terminal shows what is typed: %v", code, term.echoes())
	}
}

func ctrlZ(_ *testing.T, term *terminal) { term.typing("half\x1a") }

// byForce stops the job at the terminal with SIGSTOP.
func byForce(t *testing.T, term *terminal) {
	t.Helper()
	if err := unix.Kill(-term.group(), unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
}

// group is the foreground process group of the terminal.
func (term *terminal) group() int {
	term.t.Helper()
	group, err := unix.IoctlGetInt(int(term.master.Fd()), unix.TIOCGPGRP)
	if err != nil {
		term.t.Fatal(err)
	}
	return group
}

// groupStopped reports whether all processes of a group are stopped.
func groupStopped(group int) bool {
	processes, _ := filepath.Glob("/proc/[0-9]*/stat")
	return !slices.ContainsFunc(processes, func(path string) bool {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return false
		}
		of, err := unix.Getpgid(pid)
		return err == nil && of == group && !stopped(pid)
	})
}

// After a dismissed prompt the next caller is asked, and can answer.
func TestAfterAnInterruptedPrompt(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	first := onTerminal(t, w.cmd("credentials", "jane"))
	first.expect("MFA")
	first.typing("\x03")
	if code := first.wait(); code != 130 {
		t.Fatalf("exit %d", code)
	}
	code, err := stage().server.Code(stage().scene.Users["jane"].MFASerial)
	if err != nil {
		t.Fatal(err)
	}
	second := onTerminal(t, w.cmd("whoami", "jane"))
	second.expect("MFA")
	second.typing(code + "\r")
	second.expect("user/jane")
	if code := second.wait(); code != 0 {
		t.Fatalf("exit %d: %s", code, redact(second.text()))
	}
}

// If the agent is killed during a prompt, the question is asked again, with the reason.
func TestAgentIsKilledAtAPrompt(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	term := onTerminal(t, w.cmd("credentials", "jane"))
	term.expect("MFA code")
	pid := agentPID(t, w.ok("agent", "status", "--json"))
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	soon(t, "the agent is gone", func() bool { return gone(pid) })
	term.after("123456\r", "fob: the agent ended; asking again\r\nMFA code")
	term.typing("\x03")
	if code := term.wait(); code != 130 {
		t.Fatalf("exit %d: %s", code, redact(term.text()))
	}
}

// Closing a terminal ends fob, and not the agent.
func TestAgentSurvivesItsTerminal(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	w.agentStop()
	shell := exec.Command("sh", "-c", `"$FOB" list; echo started; sleep 60`)
	shell.Env = append(w.cmd().Env, "FOB="+filepath.Join(w.bin, "fob"))
	term := onTerminal(t, shell)
	term.expect("started")
	pid := agentPID(t, w.ok("agent", "status", "--json"))
	_ = term.slave.Close()
	_ = term.master.Close() // the window closes: SIGHUP
	_ = shell.Wait()
	if now := agentPID(t, w.ok("agent", "status", "--json")); now != pid || gone(pid) {
		t.Fatal("the agent went with the terminal")
	}
	w.ok("list")
}

// If a terminal closes during a prompt, nobody waits for it any longer.
func TestTerminalClosesAtAPrompt(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	term := onTerminal(t, w.cmd("credentials", "jane"))
	term.expect("MFA")
	_ = term.slave.Close()
	_ = term.master.Close()
	term.wait()
	start := time.Now()
	if r := w.finish(detached(w.cmd("credentials", "jane"))); r.code != 4 {
		t.Fatal(r)
	}
	if took := time.Since(start); took > 40*time.Second { // who waits for somebody else's answer waits for 45
		t.Fatalf("the next caller waited %v", took)
	}
}

// detached is a command without a terminal.
func detached(cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}
