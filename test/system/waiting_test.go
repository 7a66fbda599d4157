//go:build linux

package system

import (
	"strings"
	"testing"

	"fob/test/leak"
)

// A person who waits for a passphrase that is asked at another terminal is told so, and is asked
// when the question there is dismissed.
func TestPassphraseAskedElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	init := w.cmd("vault", "init", "--unlock", "passphrase", "--passphrase-stdin")
	init.Stdin = strings.NewReader(leak.Marker() + "\n")
	if r := w.finish(init); r.code != 0 {
		t.Fatal(r)
	}
	w.ok("agent", "stop")
	first := onTerminal(t, w.cmd("unlock"))
	first.expect("passphrase of the vault: ")
	second := onTerminal(t, w.cmd("unlock"))
	second.expect("somebody is asked elsewhere already, and this waits for it: the passphrase of the vault")
	first.typing("\x03")
	if code := first.wait(); code != 130 {
		t.Fatalf("exit %d: %s", code, redact(first.text()))
	}
	second.expect("passphrase of the vault: ")
	second.typing(leak.Marker() + "\r")
	if code := second.wait(); code != 0 {
		t.Fatalf("exit %d: %s", code, redact(second.text()))
	}
}
