package browser

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"fob/internal/environ"
)

// The address is one argument or part of one, whatever BROWSER says.
func TestCommandOfBROWSER(t *testing.T) {
	t.Parallel()
	const url = "https://h/?a=b&c=$(x) y"
	sep := string(os.PathListSeparator)
	for value, want := range map[string][]string{
		"firefox":                         {"firefox", url},
		"firefox -P work":                 {"firefox", "-P", "work", url},
		"open --url=%s --new" + sep + "x": {"open", "--url=" + url, "--new"},
		"a" + sep + "b %s":                {"a", url},
		" ":                               nil,
		sep + "b":                         nil,
	} {
		got, err := Command(environ.Environ{"BROWSER=" + value}, url)
		if !slices.Equal(got, want) || (err != nil) != (want == nil) {
			t.Errorf("BROWSER=%q: %q, %v", value, got, err)
		}
	}
}

func TestHeadless(t *testing.T) {
	t.Parallel()
	for env, why := range map[string]string{
		"BROWSER=x":                        "",
		"BROWSER=x SSH_CONNECTION=y":       "",
		"SSH_CONNECTION=y DISPLAY=:0":      "this is a remote session",
		"SSH_TTY=/dev/pts/1 DISPLAY=:0":    "this is a remote session",
		"DISPLAY=:0":                       "",
		"WAYLAND_DISPLAY=wayland-0 TERM=x": "",
	} {
		if got := Headless(strings.Fields(env)); got != why {
			t.Errorf("%s: %q", env, got)
		}
	}
	if runtime.GOOS == "linux" && !IsWSL() {
		if got := Headless(nil); got != "there is no display here" {
			t.Errorf("without a display: %q", got)
		}
	}
}
