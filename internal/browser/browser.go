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

// Headless says why no browser would be seen here; empty if one would.
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

// IsWSL reports Linux inside Windows, whose browser is reached through Windows.
func IsWSL() bool {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	return err == nil && strings.Contains(strings.ToLower(string(text)), "microsoft")
}

// Open shows a page in the person's browser.
func Open(env environ.Environ, url string) error {
	argv, err := Command(env, url)
	if err != nil {
		return err
	}
	return Start(env, argv)
}

// Start starts a program that outlives this one and its terminal. One that
// fails at once has failed; one that stays is a browser.
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

// Command starts the person's browser, with the address as one argument: no
// shell reads it.
func Command(env environ.Environ, url string) ([]string, error) {
	argv := []string{"xdg-open"}
	switch {
	case env.Get("BROWSER") != "":
		// A list as in xdg-open, its first entry; %s stands for the address.
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
