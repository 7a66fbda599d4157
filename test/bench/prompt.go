//go:build linux

package main

import (
	"os/exec"
)

// prompt compares fob prompt, which every prompt of a shell runs, with a program
// that prints the same bytes: with credentials in the agent's cache, and without
// an agent. And what a shell that starts evaluates.
func prompt(b *bench, n int) []row {
	h := b.newHome(1000, awsConfig)
	h.must("", "credentials", profile(0))
	segment := subject{command: func() *exec.Cmd {
		cmd := h.fob("prompt")
		cmd.Env = append(cmd.Environ(), "AWS_PROFILE="+profile(0))
		return cmd
	}}
	hello := h.hello(b, "hello-prompt", []byte(profile(0)+" 59m\n"))
	initBash := subject{command: func() *exec.Cmd { return h.fob("init", "bash", "--prompt") }}
	warm := inTurn(n, segment, hello)
	started := inTurn(n/10, initBash)
	h.must("", "agent", "stop")
	cold := inTurn(n, segment, hello)
	return []row{
		ratio("fob prompt ÷ hello, agent warm, CPU", warm[0], warm[1], cpu, 2),
		ratio("fob prompt ÷ hello, agent warm, wall", warm[0], warm[1], wall, 2),
		ratio("fob prompt ÷ hello, no agent, CPU", cold[0], cold[1], cpu, 2),
		ratio("fob prompt ÷ hello, no agent, wall", cold[0], cold[1], wall, 2),
		duration("  fob prompt, agent warm, wall", warm[0]),
		duration("  fob init bash, wall", started[0]),
	}
}
