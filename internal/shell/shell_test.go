package shell

import (
	"errors"
	"strings"
	"testing"

	"fob/internal/fob"
)

func TestScriptsAreFilledIn(t *testing.T) {
	t.Parallel()
	for _, shell := range Shells() {
		for _, exe := range []string{"/usr/bin/fob", "/it's a/fob"} {
			text, err := Init(shell, exe, true)
			if err != nil || strings.Contains(text, "@FOB@") || !strings.Contains(text, "__fob_back") {
				t.Errorf("%s: %v", shell, err)
			}
		}
		with, _ := Init(shell, "fob", true)
		without, _ := Init(shell, "fob", false)
		if !strings.HasPrefix(with, without) || with == without {
			t.Errorf("%s: the prompt is not what --prompt adds", shell)
		}
		text, err := Completion(shell)
		if err != nil || strings.Contains(text, "@FOB@") || strings.Contains(text, "__fob_use") {
			t.Errorf("%s: completion: %v", shell, err)
		}
	}
	if text, _ := Completion("zsh"); !strings.HasPrefix(text, "#compdef fob\n") {
		t.Error("zsh would not load it from fpath")
	}
	for _, wrong := range []string{"", "tcsh", "../bash", "bash-prompt"} {
		if _, err := Init(wrong, "fob", false); !errors.Is(err, fob.ErrUsage) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestPowerShellQuotes(t *testing.T) {
	t.Parallel()
	text, err := Variables("powershell", map[string]string{"A": "it's ‘x’ $(y) `z"}, nil)
	if err != nil || text != "$Env:A = 'it''s ‘‘x’’ $(y) `z'\n" {
		t.Errorf("%q %v", text, err)
	}
}
