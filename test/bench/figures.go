//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"fob/internal/fakeaws"
)

// credentials is fob credentials of a profile that is in the agent's cache.
func (h *home) credentials(profile string) subject {
	return subject{command: func() *exec.Cmd { return h.fob("credentials", profile) }, prints: h.must("", "credentials", profile)}
}

// heartbeat compares fob credentials with a program that prints the same bytes.
func heartbeat(b *bench, n int) []row {
	h := b.newHome(10, awsConfig)
	fob := h.credentials(profile(0))
	hello := h.hello(b, "hello", fob.prints)
	pid := h.agent().PID
	before := cpuOf(pid)
	s := inTurn(n, fob, hello)
	return []row{
		ratio("fob credentials ÷ hello, CPU", s[0], s[1], cpu, 1.5),
		ratio("fob credentials ÷ hello, wall", s[0], s[1], wall, 1.5),
		duration("  fob credentials, wall", s[0]),
		duration("  hello, wall", s[1]),
		{what: "  the agent's CPU for one", measured: fmt.Sprintf("%.2f ms", milliseconds(cpuOf(pid)-before)/float64(n))},
		limit("  peak memory of fob credentials", fob.peak(), "MiB", 6),
	}
}

// scale compares 10,000 profiles, in either file, with 10.
func scale(b *bench, n int) []row {
	last := func(n int, file string) subject { return b.newHome(n, file).credentials(profile(n - 1)) }
	s := inTurn(n, last(10, awsConfig), last(10000, awsConfig), last(10000, ownConfig))
	return []row{
		ratio("10,000 profiles ÷ 10, ~/.aws/config, CPU", s[1], s[0], cpu, 1.05),
		ratio("10,000 profiles ÷ 10, ~/.aws/config, wall", s[1], s[0], wall, 1.05),
		ratio("10,000 profiles ÷ 10, fob's own file, CPU", s[2], s[0], cpu, 1.05),
		ratio("10,000 profiles ÷ 10, fob's own file, wall", s[2], s[0], wall, 1.05),
	}
}

// crowd asks for a cold profile from many sides at once, while AWS is slow: once
// with processes, which find no agent either, and once with connections.
func crowd(b *bench, n int) []row {
	h := b.newHome(10, awsConfig)
	agent := h.agent()
	h.must("", "agent", "stop")
	turns := make(chan struct{}, 64) // more would only wait for a processor
	return []row{
		b.storm("processes, one cold profile, no agent", n, func(ready func()) error {
			ready()
			turns <- struct{}{}
			defer func() { <-turns }()
			_, err := h.try("", "credentials", profile(1))
			return err
		}),
		b.storm("connections, one cold profile", n, func(ready func()) error { return h.ask(agent, profile(2), ready) }),
	}
}

// storm lets n callers go at the same moment, when all are ready.
func (b *bench) storm(what string, n int, caller func(ready func()) error) row {
	b.aws.Fail(fakeaws.Fault{Action: "AssumeRole", Kind: fakeaws.FaultSlow, Delay: 300 * time.Millisecond})
	defer b.aws.Heal()
	before, begin := b.aws.Calls(""), time.Now()
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	ready.Add(n)
	for i := range n {
		done.Go(func() { errs[i] = caller(func() { ready.Done(); ready.Wait() }) })
	}
	done.Wait()
	took, failed := time.Since(begin), 0
	for _, err := range errs {
		if err != nil {
			failed++
		}
	}
	calls := b.aws.Calls("") - before
	measured := fmt.Sprintf("%d STS call(s), %d error(s), in %.2f s", calls, failed, took.Seconds())
	if err := errors.Join(errs...); err != nil {
		measured += ": " + strings.SplitN(err.Error(), "\n", 2)[0]
	}
	return row{fmt.Sprintf("%d %s", n, what), measured, "1 call, 0 errors", calls != 1 || failed != 0}
}

// list compares fob list of 10,000 profiles with a program that reads the same files
// and prints their sections.
func list(b *bench, n int) []row {
	h := b.newHome(10000, awsConfig)
	table := h.must("", "list")
	if lines := bytes.Count(table, []byte("\n")); lines != 10000+2 { // a heading, and bot
		check(fmt.Errorf("fob list printed %d lines", lines))
	}
	s := inTurn(n,
		subject{command: func() *exec.Cmd { return h.fob("list") }, prints: table},
		subject{command: func() *exec.Cmd { return h.fob("list", "--json") }, prints: h.must("", "list", "--json")},
		h.yardstick(b, "reader", filepath.Join(h.dir, awsConfig), filepath.Join(h.dir, ownConfig)))
	return []row{
		ratio("fob list, 10,000 profiles ÷ a reader of the same files, wall", s[0], s[2], wall, 2.5),
		ratio("fob list --json, 10,000 profiles ÷ the reader, wall", s[1], s[2], wall, 3.5),
		duration("  fob list, wall", s[0]),
		duration("  fob list --json, wall", s[1]),
		duration("  the reader, wall", s[2]),
	}
}

// start times a fob credentials that starts the agent, and one that works
// without.
func start(b *bench, n int) []row {
	h := b.newHome(10, awsConfig)
	first := h.credentials(profile(0))
	stop := subject{command: func() *exec.Cmd { return h.fob("agent", "stop") }}
	alone := subject{command: func() *exec.Cmd {
		cmd := h.fob("credentials", profile(0))
		cmd.Env = append(cmd.Environ(), "FOB_AGENT=off")
		return cmd
	}, prints: first.prints}
	s := inTurn(n, stop, first, alone)
	return []row{
		duration("fob credentials that starts the agent, wall", s[1]),
		duration("fob credentials with FOB_AGENT=off, wall", s[2]),
	}
}
