//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"time"

	"fob/internal/fakeaws"
)

// The portal's throttle, as the field reports it, and a large organisation.
const (
	portalRate    = 20 // calls a second
	manyAccounts  = 5000
	rolesEach     = 4
	listedPerCall = 100
)

// newSSO makes a home that is signed in to an instance with so many accounts.
func (b *bench) newSSO(accounts int) *home {
	start := "/start-" + strconv.Itoa(len(b.homes))
	b.aws.AddInstance(fakeaws.InstanceSpec{StartURL: start}).AddAccounts(accounts, rolesEach)
	b.aws.SetSSO(func(s *fakeaws.SSOSettings) { s.Pages, s.Rate = fakeaws.PagesApprove, 0 })
	h := b.newHome(1, awsConfig)
	h.env = append(h.env, "BROWSER="+b.build("visit", "./test/visit", ""))
	h.must("", "add", "sso", "corp", "--start-url", b.url+start, "--region", "us-east-1", "--endpoint-url", b.url)
	h.must("", "login", "corp")
	return h
}

// role is one that every instance has: of its first account.
const role = "corp/510000000001/ReadOnly"

// roles compares 20,000 roles with 20, and completes among them.
func roles(b *bench, n int) []row {
	few, many := b.newSSO(5), b.newSSO(manyAccounts)
	few.must("", "sync", "corp")
	many.must("", "sync", "corp")
	time.Sleep(3 * time.Second) // until fob trusts the time stamps of the directories
	s := inTurn(n, few.credentials(role), many.credentials(role))
	c := inTurn(n/10, subject{command: func() *exec.Cmd { return many.fob("__complete", "credentials", "corp/search") }},
		many.hello(b, "hello-role", []byte(role+"\n")))
	return []row{
		ratio("20,000 roles ÷ 20, CPU", s[1], s[0], cpu, 1.05),
		ratio("20,000 roles ÷ 20, wall", s[1], s[0], wall, 1.05),
		ratio("completion among 20,000 roles ÷ hello, wall", c[0], c[1], wall, 8),
		duration("  completion, wall", c[0]),
	}
}

// discovery searches all accounts behind the throttle, is killed half way with
// its agent, and goes on. The bound is what the throttle allows for the calls
// that are needed when nobody is killed.
func discovery(b *bench, _ int) []row {
	h := b.newSSO(manyAccounts)
	b.aws.Reset()
	b.aws.SetSSO(func(s *fakeaws.SSOSettings) { s.Rate = portalRate })
	defer b.aws.SetSSO(func(s *fakeaws.SSOSettings) { s.Rate = 0 })
	pages := float64(manyAccounts / listedPerCall)
	bound := (manyAccounts + pages - portalRate) / portalRate // the bucket is full at first
	begin := time.Now()
	first := h.fob("sync", "corp")
	check(first.Start())
	time.Sleep(time.Duration(bound/2) * time.Second)
	kill(h.agent().PID)
	_ = first.Process.Kill()
	_ = first.Wait()
	found := b.aws.Calls("sso:ListAccountRoles") - b.aws.SSOCounts().Throttled
	h.must("", "sync", "corp")
	took := time.Since(begin).Seconds()
	repeated := b.aws.Calls("sso:ListAccountRoles") - b.aws.SSOCounts().Throttled - manyAccounts
	return []row{
		limit(fmt.Sprintf("discovery of %d accounts at %d calls a second ÷ the throttle's bound (%.0f s), killed half way", manyAccounts, portalRate, bound),
			took/bound, "×", 1.1),
		limit(fmt.Sprintf("  accounts asked twice (those under way when it was killed, at %d)", found), float64(max(repeated, 0)), "", 24),
	}
}
