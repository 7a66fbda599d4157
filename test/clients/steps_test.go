//go:build unix

package clients

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// stepper is a client that stays, and calls AWS once each time it is told to.
type stepper struct {
	w    *world
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
	errs bytes.Buffer
}

// steps starts a client of several calls, through wrap, for a profile by its name.
func (w *world) steps(argv, wrap []string, name string) (*stepper, error) {
	line := append(append([]string(nil), wrap...), argv...)
	s := &stepper{w: w, cmd: w.cmd(nil, append(line, "steps", name)...)}
	s.cmd.Stderr = &s.errs
	in, err1 := s.cmd.StdinPipe()
	out, err2 := s.cmd.StdoutPipe()
	for _, err := range []error{err1, err2, s.cmd.Start()} {
		if err != nil {
			return nil, err
		}
	}
	s.in, s.out = in, bufio.NewScanner(out)
	w.t.Cleanup(s.kill)
	return s, nil
}

func (s *stepper) kill() { _ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) }

// step has the client call once. One that hangs is killed.
func (s *stepper) step() (a answer, err error) {
	defer time.AfterFunc(limit, s.kill).Stop()
	if _, err := s.in.Write([]byte("\n")); err != nil || !s.out.Scan() {
		return a, fmt.Errorf("it has ended, or was killed after %v: %v %v", limit, err, s.out.Err())
	}
	if s.w.secret(s.out.Bytes()) {
		return a, fmt.Errorf("a secret is in its output")
	}
	return a, json.Unmarshal(s.out.Bytes(), &a)
}

// end waits for the client's end.
func (s *stepper) end() error {
	defer time.AfterFunc(limit, s.kill).Stop()
	_ = s.in.Close()
	err := s.cmd.Wait()
	if s.w.secret(s.errs.Bytes()) {
		return fmt.Errorf("a secret is in its messages")
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, &s.errs)
	}
	return nil
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
		s, err := w.steps(argv, nil, profile)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			got, err := s.step()
			check(t, []answer{got}, err, map[string]string{profile: arns[profile]})
		}
		if err := s.end(); err != nil {
			t.Error(err)
		}
		runs := 0
		for _, e := range w.audit() {
			if e.Profile == profile {
				runs++
			}
		}
		if runs != 1 {
			t.Errorf("fob ran %d times for 5 calls, want once", runs)
		}
	})
}
