//go:build linux

package system

import (
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
)

// silent is an address that accepts connections and never answers. reached is closed
// when the first one is there.
func silent(t *testing.T) (address string, reached chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	reached = make(chan struct{})
	go func() {
		for first := true; ; first = false {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			if first {
				close(reached)
			}
		}
	}()
	return "http://" + l.Addr().String(), reached
}

// Whatever its front ends were doing when they were killed or stopped, an agent that is
// told to end does so in order: the files that fob write made are deleted.
func TestAgentEndsWhateverItsFrontEndsDo(t *testing.T) {
	t.Parallel()
	for how, signal := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "stopped": syscall.SIGSTOP} {
		for what, begin := range map[string]func(t *testing.T, w *world) *exec.Cmd{
			"prompt": func(t *testing.T, w *world) *exec.Cmd {
				term := onTerminal(t, w.cmd("credentials", "jane"))
				term.expect("MFA")
				return term.cmd
			},
			"retrieval": retrieving,
			"reply":     deafAsker,
		} {
			t.Run(what+" "+how, func(t *testing.T) {
				t.Parallel()
				w := lived(t, "")
				w.ok("write", "bot", "--to", filepath.Join(w.home, "written"))
				pid := agentPID(t, w.ok("agent", "status", "--json"))
				front := begin(t, w)
				if err := front.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				soon(t, "the agent ends", func() bool { return gone(pid) })
				if !strings.Contains(w.read(w.fobFile("agent.log")), "agent ends") {
					t.Error("it ended without order")
				}
				if _, err := os.Lstat(filepath.Join(w.home, "written")); err == nil {
					t.Error("the written file is still there")
				}
			})
		}
	}
}

// The same holds for an agent that serves one front end over its standard streams.
func TestAloneAgentEndsWhateverItsFrontEndDoes(t *testing.T) {
	t.Parallel()
	for how, signal := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "stopped": syscall.SIGSTOP} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := lived(t, "")
			w.env = append(w.env, "FOB_AGENT=off")
			front := retrieving(t, w)
			children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", front.Process.Pid))
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(children)))
			if err != nil {
				t.Fatal(err)
			}
			if err := front.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if signal == syscall.SIGSTOP { // else it ends by itself
				if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
			}
			soon(t, "the agent ends", func() bool { return gone(pid) })
		})
	}
}

// deafAsker is a program that has asked the agent for more than a socket holds, and reads
// nothing of it.
func deafAsker(t *testing.T, w *world) *exec.Cmd {
	t.Helper()
	c := w.dial()
	one := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"list","caller":{"protocol":1,"paths":{"config":%q,"credentials":%q}},"params":{}}`+"\n", w.config(), w.credentials())
	if _, err := io.WriteString(c, strings.Repeat(one, 60)); err != nil {
		t.Fatal(err)
	}
	file, err := c.(*net.UnixConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	asker := exec.Command("sleep", "600")
	asker.ExtraFiles = []*os.File{file}
	if err := errors.Join(asker.Start(), c.Close()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = asker.Process.Kill(); _ = asker.Wait() })
	return asker
}

// retrieving starts a front end whose credentials are being retrieved, from a server
// that never answers.
func retrieving(t *testing.T, w *world) *exec.Cmd {
	t.Helper()
	address, reached := silent(t)
	w.write(w.config(), w.read(w.config())+"\n[profile slow]\nrole_arn = arn:aws:iam::111122223333:role/Slow\nsource_profile = bot\nregion = us-east-1\nendpoint_url = "+address+"\n")
	cmd := w.cmd("credentials", "slow")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	select {
	case <-reached:
	case <-time.After(time.Minute):
		t.Fatal("nothing was retrieved")
	}
	return cmd
}
