//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// How long an agent is left alone before it counts as idle (its connections to
// AWS end after half a minute), and how long it is watched.
const (
	calmDown = 40 * time.Second
	watched  = 2 * time.Minute // the period of the runtime's slowest timer
)

// idle looks at an agent with 1,000 profiles that has worked and has nothing to
// do, and beside it at a Go program that waits for connections and gets none.
func idle(b *bench, n int) []row {
	h := b.newHome(1000, awsConfig)
	for i := range 50 {
		h.must("", "credentials", profile(i))
	}
	h.must("", "list")
	h.must("", "list", "--json")
	agent := h.agent().PID
	sleeper := exec.Command(b.build("sleeper", "./test/bench/sleeper", ""))
	check(sleeper.Start())
	defer func() { _ = sleeper.Process.Kill(); _ = sleeper.Wait() }()
	time.Sleep(calmDown)
	watch, before := time.Duration(n)*watched, cpuOf(agent)
	rates := wakeUps(watch, agent, sleeper.Process.Pid)
	spent := milliseconds(cpuOf(agent)-before) / watch.Minutes()
	return []row{
		limit("agent, idle, 1,000 profiles: memory", memory(agent, "VmRSS:"), "MiB", 30),
		limit("  wake-ups beyond an idle Go program's", rates[0]-rates[1], "a minute", 1),
		{what: "  wake-ups; the Go program's; CPU", measured: fmt.Sprintf("%.1f; %.1f; %.2f ms a minute", rates[0], rates[1], spent)},
	}
}

// wakeUps counts, for each process, the moments at which it woke up: what its
// threads do in the same tenth of a second is one. The rates are per minute.
func wakeUps(watch time.Duration, pids ...int) []float64 {
	rates, last := make([]float64, len(pids)), make([]int, len(pids))
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for begin := time.Now(); time.Since(begin) < watch; <-tick.C {
		for i, pid := range pids {
			now := sleeps(pid)
			if last[i] != 0 && now != last[i] {
				rates[i] += 1 / watch.Minutes()
			}
			last[i] = now
		}
	}
	return rates
}

// tasks are the /proc folders of a process's threads.
func tasks(pid int) []string { return must(filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))) }

// sleeps counts how often threads of a process went to sleep by themselves.
func sleeps(pid int) (n int) {
	for _, dir := range tasks(pid) {
		count, _ := strconv.Atoi(field(dir+"/status", "voluntary_ctxt_switches:"))
		n += count
	}
	return n
}

// cpuOf is the processor time that a running process has used.
func cpuOf(pid int) (total time.Duration) {
	for _, dir := range tasks(pid) {
		text, _ := os.ReadFile(dir + "/schedstat")
		spent, _, _ := strings.Cut(string(text), " ")
		ns, _ := strconv.ParseInt(spent, 10, 64)
		total += time.Duration(ns)
	}
	return total
}
