// Package browser opens pages in the person's browser.
package browser

import (
	"cmp"
	"errors"
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
func Headless(env environ.Environ) string { return here().headless(env) }

func (s system) headless(env environ.Environ) string {
	switch {
	case env.Get("BROWSER") != "":
		return ""
	case env.Get("SSH_CONNECTION") != "" || env.Get("SSH_TTY") != "":
		return "this is a remote session"
	case s.wsl && s.opener() != nil:
		return ""
	case s.name == "linux" && env.Get("DISPLAY") == "" && env.Get("WAYLAND_DISPLAY") == "":
		if s.container(env) {
			return "this is a container without a display"
		}
		return "there is no display here"
	}
	return ""
}

// Elsewhere reports whether the person's browser is on another machine than this process
// as far as can be told: a page that comes back to this machine does not arrive then.
func Elsewhere(env environ.Environ) bool {
	return env.Get("SSH_CONNECTION") != "" || env.Get("SSH_TTY") != "" || here().container(env)
}

// system is what decides how pages are opened.
type system struct {
	name   string // as runtime.GOOS
	wsl    bool   // the Windows Subsystem for Linux, where the browser is one of Windows
	exists func(path string) bool
	find   func(program string) (path string, err error) // in PATH, or by a path
}

func here() system {
	return system{runtime.GOOS, IsWSL(), func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}, exec.LookPath}
}

// IsWSL reports whether this is the Windows Subsystem for Linux, where the browser is one
// of Windows.
func IsWSL() bool {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	return err == nil && strings.Contains(strings.ToLower(string(text)), "microsoft")
}

// container reports whether this is a container, by the marks that Docker, Podman,
// systemd-nspawn and Kubernetes leave.
func (s system) container(env environ.Environ) bool {
	return s.exists("/.dockerenv") || s.exists("/run/.containerenv") || env.Get("container") != "" || env.Get("KUBERNETES_SERVICE_HOST") != ""
}

// opener returns the system's own command that opens a page; nil if there is none.
func (s system) opener() []string {
	switch {
	case s.name == "darwin":
		return []string{"/usr/bin/open"}
	case s.name == "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler"}
	case !s.wsl:
		return []string{"xdg-open"}
	}
	// wslview is of a package that not every distribution has; Windows itself has the other.
	for _, argv := range [][]string{{"wslview"}, {"rundll32.exe", "url.dll,FileProtocolHandler"},
		{"/mnt/c/Windows/System32/rundll32.exe", "url.dll,FileProtocolHandler"}} {
		if path, err := s.find(argv[0]); err == nil {
			return append([]string{path}, argv[1:]...)
		}
	}
	return nil
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
// else the system's. No shell is involved; the address is one argument, or part of one. It
// refuses what [Check] refuses.
func Command(env environ.Environ, url string) ([]string, error) { return here().command(env, url) }

func (s system) command(env environ.Environ, url string) ([]string, error) {
	if err := Check(url); err != nil {
		return nil, err
	}
	argv := s.opener()
	if own := env.Get("BROWSER"); own != "" {
		var err error
		if argv, err = s.chosen(own); err != nil {
			return nil, err
		}
	}
	if len(argv) == 0 {
		return nil, errors.New("no program that opens pages is installed")
	}
	placed := false
	for i, arg := range argv[1:] {
		if strings.Contains(arg, "%s") {
			argv[i+1], placed = strings.ReplaceAll(arg, "%s", url), true
		}
	}
	if !placed {
		argv = append(argv, url)
	}
	return argv, nil
}

// chosen reads BROWSER: a list, as xdg-open takes it, of which the first entry counts that
// names a program that is there; if none does, the first one.
func (s system) chosen(list string) ([]string, error) {
	var first []string
	for _, entry := range filepath.SplitList(list) {
		argv, found := s.program(strings.TrimSpace(entry))
		if found {
			return argv, nil
		}
		if first == nil {
			first = argv
		}
	}
	if first == nil {
		return nil, errors.New("BROWSER names no program")
	}
	return first, nil
}

// program splits a command into a program and its arguments. The path of a program may
// have blanks, without quotes: then it is the longest beginning that is a program.
func (s system) program(command string) (argv []string, found bool) {
	for end := len(command); end > 0; end = strings.LastIndexAny(command[:end], " \t") {
		path := strings.TrimSpace(command[:end])
		if _, err := s.find(path); err != nil {
			continue
		}
		rest, err := Words(command[end:])
		if err != nil && strings.TrimSpace(command[end:]) != "" {
			break
		}
		return append([]string{path}, rest...), true
	}
	argv, err := Words(command)
	if err != nil {
		return nil, false
	}
	_, err = s.find(argv[0])
	return argv, err == nil
}
