// Package browser opens pages in the person's browser.
package browser

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"fob/internal/environ"
)

// Headless returns why a browser that is started here would not be visible to the person,
// or an empty string.
func Headless(env environ.Environ) string {
	switch {
	case env.Get("BROWSER") != "":
		return ""
	case env.Get("SSH_CONNECTION") != "" || env.Get("SSH_TTY") != "":
		return "this is a remote session"
	case runtime.GOOS == "linux" && env.Get("DISPLAY") == "" && env.Get("WAYLAND_DISPLAY") == "" && !IsWSL():
		return "there is no display here"
	}
	return ""
}

// IsWSL reports whether this is the Windows Subsystem for Linux, where the browser is one
// of Windows.
func IsWSL() bool {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	return err == nil && strings.Contains(strings.ToLower(string(text)), "microsoft")
}

// Open opens a page in the person's default browser. See [Start] for its errors.
func Open(env environ.Environ, url string) error {
	argv, err := Command(env, url)
	if err != nil {
		return err
	}
	return Start(env, argv)
}

// Start starts a program that outlives this process and its terminal. An error says that
// it could not be started, or that it failed within 700 ms; what happens later is not
// noticed, because a browser may run for days.
func Start(env environ.Environ, argv []string) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.SysProcAttr = env, apart()
	name := cmp.Or(filepath.Base(argv[0]), "the browser")
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s cannot be started", name)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("%s has failed (%w)", name, err)
		}
	case <-time.After(700 * time.Millisecond):
	}
	return nil
}

// Command returns the command that opens a page in the default browser: that of BROWSER,
// else the system's. No shell is involved; the address is one argument, or part of one.
func Command(env environ.Environ, url string) ([]string, error) {
	argv := []string{"xdg-open"}
	switch {
	case env.Get("BROWSER") != "":
		// A list as for xdg-open, of which the first entry counts; %s stands for the address.
		first, _, _ := strings.Cut(env.Get("BROWSER"), string(os.PathListSeparator))
		if argv = strings.Fields(first); len(argv) == 0 {
			return nil, fmt.Errorf("BROWSER is empty")
		}
	case runtime.GOOS == "darwin":
		argv = []string{"/usr/bin/open"}
	case runtime.GOOS == "windows":
		argv = []string{"rundll32", "url.dll,FileProtocolHandler"}
	case IsWSL():
		argv = []string{"wslview"}
	}
	placed := false
	for i, arg := range argv {
		if strings.Contains(arg, "%s") {
			argv[i], placed = strings.ReplaceAll(arg, "%s", url), true
		}
	}
	if !placed {
		argv = append(argv, url)
	}
	return argv, nil
}
