//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// subject is a program to be run again and again.
type subject struct {
	command func() *exec.Cmd
	prints  []byte // what it must print; nil leaves that unchecked
	agent   *home  // whose agent's processor time counts too; nil is nobody's
}

// sample is one run of a program, from its start to its end, in milliseconds.
type sample struct{ cpu, wall float64 }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// run runs it once, with its output in a pipe, as SDKs do.
func (s subject) run() sample {
	r, w, err := os.Pipe()
	check(err)
	defer r.Close()
	cmd := s.command()
	cmd.Stdout = w
	pid, spent := 0, time.Duration(0)
	if s.agent != nil {
		pid = s.agent.agent().PID
		spent = -cpuOf(pid)
	}
	begin := time.Now()
	err = cmd.Start()
	w.Close()
	check(err)
	out := must(io.ReadAll(r))
	err = cmd.Wait()
	wall := time.Since(begin)
	if err != nil || s.prints != nil && !bytes.Equal(out, s.prints) {
		check(fmt.Errorf("%v failed or printed other bytes than before: %v", cmd.Args, err))
	}
	spent += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if s.agent != nil {
		spent += cpuOf(pid)
	}
	return sample{milliseconds(spent), milliseconds(wall)}
}

// inTurn runs subjects A B C A B C …; the first rounds warm up and do not count.
func inTurn(n int, subjects ...subject) [][]sample {
	out := make([][]sample, len(subjects))
	for i := -3; i < n; i++ {
		for k, s := range subjects {
			if one := s.run(); i >= 0 {
				out[k] = append(out[k], one)
			}
		}
	}
	return out
}

// peak is the most memory that a program used until it wrote its output, in
// MiB. Its pipe is full already, so that it can be looked at while it waits: the
// peak that the system reports of a child that has ended includes the parent's.
func (s subject) peak() float64 {
	r, w, err := os.Pipe()
	check(err)
	defer r.Close()
	must(w.Write(make([]byte, must(unix.FcntlInt(w.Fd(), unix.F_GETPIPE_SZ, 0)))))
	cmd := s.command()
	cmd.Stdout = w
	check(cmd.Start())
	w.Close()
	time.Sleep(100 * time.Millisecond)
	peak := memory(cmd.Process.Pid, "VmHWM:")
	_, _ = io.Copy(io.Discard, r)
	check(cmd.Wait())
	return peak
}

// memory is a size in the status of a process, in MiB.
func memory(pid int, name string) float64 {
	kib := must(strconv.Atoi(strings.TrimSuffix(field(fmt.Sprintf("/proc/%d/status", pid), name), " kB")))
	return float64(kib) / 1024
}

// field returns what follows a name in a file of /proc.
func field(path, name string) string {
	text, _ := os.ReadFile(path)
	_, rest, _ := strings.Cut(string(text), "\n"+name)
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

// kill ends a process as the system does when memory is short.
func kill(pid int) { check(unix.Kill(pid, unix.SIGKILL)) }
