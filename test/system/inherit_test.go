//go:build linux

package system

import (
	"io"
	"os"
	"testing"
)

// The agent that fob credentials starts inherits neither its caller's standard input nor a pipe
// that the caller has open; otherwise a program that waits for the end of one would wait for the
// agent.
func TestAgentInheritsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(w.credentials(), stage().expand("[bot]\naws_access_key_id = @bot.id@\naws_secret_access_key = @bot.secret@\n"))
	w.write(w.config(), stage().expand("[profile bot]\nregion = us-east-1\nendpoint_url = @URL@\n"))
	input, toInput, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	output, held, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer toInput.Close()
	defer output.Close()
	cmd := w.cmd("credentials", "bot")
	cmd.Stdin, cmd.ExtraFiles = input, []*os.File{held}
	if r := w.finish(cmd); r.code != 0 {
		t.Fatal(r)
	}
	input.Close()
	held.Close()
	if r := w.run("agent", "status"); r.code != 0 {
		t.Fatal("no agent is left to hold anything:", r)
	}
	if _, err := toInput.Write([]byte("x")); err == nil {
		t.Error("standard input is held")
	}
	if text, err := io.ReadAll(output); err != nil || len(text) > 0 {
		t.Error(text, err)
	}
}
