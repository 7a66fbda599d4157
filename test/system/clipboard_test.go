//go:build linux

package system

import (
	"encoding/base64"
	"strings"
	"testing"
)

// Without a display the terminal is asked to store the copied text (OSC 52).
func TestClipboardOfTheTerminal(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	term := onTerminal(t, w.cmd("console", "reader", "--copy"))
	term.expect("on the clipboard (the terminal)")
	if code := term.wait(); code != 0 {
		t.Fatalf("exit %d", code)
	}
	_, rest, _ := strings.Cut(term.text(), "\x1b]52;c;")
	text, _, ended := strings.Cut(rest, "\a")
	address, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !ended || !strings.HasPrefix(string(address), "http://127.0.0.1") || !strings.Contains(string(address), "SigninToken=") {
		t.Errorf("copied: %d bytes, %v", len(address), err)
	}
}
