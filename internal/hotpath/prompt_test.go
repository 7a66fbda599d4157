package hotpath

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPromptLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want Prompt
		ok   bool
	}{
		{[]string{"prompt"}, Prompt{"", DefaultFormat}, true},
		{[]string{"prompt", "--shell=zsh"}, Prompt{"zsh", DefaultFormat}, true},
		{[]string{"prompt", "--shell", "zsh", "--format", "{name}"}, Prompt{"zsh", "{name}"}, true},
		{[]string{"prompt", "--format=a=b", "--shell", ""}, Prompt{"", "a=b"}, true},
		{[]string{"prompt", "--help"}, Prompt{}, false},
		{[]string{"prompt", "--shell"}, Prompt{}, false},
		{[]string{"prompt", "x", "y"}, Prompt{}, false},
		{[]string{"list"}, Prompt{}, false},
		{nil, Prompt{}, false},
	} {
		if got, ok := promptLine(tt.args); ok != tt.ok || ok && got != tt.want {
			t.Errorf("%q: %+v %v", tt.args, got, ok)
		}
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ format, left, want string }{
		{DefaultFormat, "43m", "prod 43m"},
		{DefaultFormat, "", "prod"},
		{"({name}{: left}) ", "sign-in", "(prod: sign-in) "},
		{"{name}{ (left)}", "", "prod"},
		{"%F{cyan}{name}%f{", "43m", "%F{cyan}prod%f{"},
		{"{nme} {{name}} {}", "43m", "{nme} {prod} {}"},
		{"{left}{name", "43m", "43m{name"},
		{"", "43m", ""},
	} {
		if got := fill(tt.format, map[string]string{"name": "prod", "left": tt.left}); got != tt.want {
			t.Errorf("%q: %q", tt.format, got)
		}
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "", 59 * time.Second: "<1m", time.Minute: "1m", 59*time.Minute + 59*time.Second: "59m", time.Hour: "1h00m",
		65 * time.Minute: "1h05m", 12*time.Hour + 30*time.Minute: "12h30m",
	} {
		if got := short(d); got != want {
			t.Errorf("%v: %q", d, got)
		}
	}
}

// Nothing in a name acts on a shell that expands it once more, or on the terminal.
func TestInertNames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching("[$`\\\\%!(){}\"' a-z\x1b\x07]{1,20}")).Draw(t, "name")
		for _, shell := range []string{"", "bash", "zsh", "fish"} {
			got := inert(name, shell)
			if strings.ContainsAny(got, "$`\\\n\x1b\x07") {
				t.Fatalf("%s: %q became %q", shell, name, got)
			}
			if shell == "zsh" && strings.Contains(strings.ReplaceAll(got, "%%", ""), "%") {
				t.Fatalf("%q became %q", name, got)
			}
		}
	})
	if got := inert("corp/payments/Admin", "zsh"); got != "corp/payments/Admin" {
		t.Error(got)
	}
}
