package terminal

import (
	"errors"
	"io"
	"os"
	"testing"

	"fob/internal/fob"
)

// A line is read and not more: what follows it is for whoever reads next. What a
// terminal itself does (echo, Ctrl-C, Ctrl-Z) is tested in test/system.
func TestAsk(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string][2]string{"abc\nrest": {"abc", "rest"}, "a b\r\n": {"a b"}, "\n\n": {"", "\n"}, "é\n": {"é"}} {
		answer, shown, rest, err := ask(t, typed)
		if err != nil || answer != want[0] || shown != "name: " || rest != want[1] {
			t.Errorf("%q: %q, %q, %q, %v", typed, answer, shown, rest, err)
		}
	}
	for _, typed := range []string{"", "no end"} {
		if _, shown, _, err := ask(t, typed); !errors.Is(err, fob.ErrCancelled) || shown != "name: \n" {
			t.Errorf("%q: %q, %v", typed, shown, err)
		}
	}
}

func ask(t *testing.T, typed string) (answer, shown, rest string, err error) {
	t.Helper()
	in, keyboard, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	screen, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(keyboard, typed); err != nil {
		t.Fatal(err)
	}
	keyboard.Close()
	secret, err := Ask(in, out, "name: ", false)
	out.Close()
	text, _ := io.ReadAll(screen)
	left, _ := io.ReadAll(in)
	return secret.Reveal(), string(text), string(left), err
}

// Echo that cannot be turned off is an error before anything is asked.
func TestHiddenNeedsATerminal(t *testing.T) {
	t.Parallel()
	in, keyboard, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer keyboard.Close()
	screen, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Ask(in, out, "secret: ", true); !errors.Is(err, fob.ErrInternal) {
		t.Error(err)
	}
	out.Close()
	if text, _ := io.ReadAll(screen); len(text) > 0 {
		t.Errorf("%q was shown", text)
	}
}

// A bar is for terminals: files and pipes get nothing of it.
func TestBarIsForTerminals(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var b Bar
	b.Draw(w, fob.Progress{Done: 1, Total: 2, What: "accounts"})
	w.Close()
	if text, _ := io.ReadAll(r); len(text) > 0 {
		t.Errorf("%q", text)
	}
}
