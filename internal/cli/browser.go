package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"fob/internal/fob"
)

// open shows a page in the browser, or its address where no browser could be
// seen. Callers without a terminal open nothing, unless the sign-in was asked for, or
// is to open always and there is a browser to be seen.
func (a *app) open(_ context.Context, p fob.Page) error {
	if !a.signingIn && !hasTerminal() && (!p.Always || a.headless() != "") {
		return fob.ErrNobody
	}
	if p.URL == "" {
		return nil // asked only whether
	}
	if p.Code != "" {
		a.tell("the page must show the code " + p.Code + ". Go on only if it does, and if it was you who started this: whoever else gives you a code wants your access")
	}
	why := a.headless()
	if why == "" {
		err := a.browse(p.URL)
		if err == nil {
			a.tell("your browser opens a page to " + p.Title)
			return nil
		}
		why = err.Error()
	}
	a.tell(why + "; to " + p.Title + ", open this page:")
	fmt.Fprintln(a.Err, clean(p.URL))
	if p.Code == "" && a.getenv("SSH_CONNECTION") != "" {
		a.tell("the page comes back to this machine: from another one, use fob login --device-code")
	}
	return nil
}

func hasTerminal() bool {
	in, out, err := openTerminal()
	if err != nil {
		return false
	}
	in.Close()
	out.Close()
	return true
}

// headless says why no browser would be seen here; empty if one would.
func (a *app) headless() string {
	switch {
	case a.noBrowser:
		return "no browser was wanted"
	case a.getenv("BROWSER") != "":
		return ""
	case a.getenv("SSH_CONNECTION") != "" || a.getenv("SSH_TTY") != "":
		return "this is a remote session"
	case runtime.GOOS == "linux" && a.getenv("DISPLAY") == "" && a.getenv("WAYLAND_DISPLAY") == "" && !isWSL():
		return "there is no display here"
	}
	return ""
}

// isWSL reports Linux inside Windows, whose browser is reached through Windows.
func isWSL() bool {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	return err == nil && strings.Contains(strings.ToLower(string(text)), "microsoft")
}

// browse starts the browser.
func (a *app) browse(url string) error {
	argv, err := a.browserCommand(url)
	if err != nil {
		return err
	}
	return a.startApart(argv)
}

// startApart starts a program that outlives this one and its terminal. One that
// fails at once has failed; one that stays is a browser.
func (a *app) startApart(argv []string) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.SysProcAttr = a.environ, apart()
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

// browserCommand starts the person's browser, with the address as one argument: no
// shell reads it.
func (a *app) browserCommand(url string) ([]string, error) {
	argv := []string{"xdg-open"}
	switch {
	case a.getenv("BROWSER") != "":
		// A list as in xdg-open, its first entry; %s stands for the address.
		first, _, _ := strings.Cut(a.getenv("BROWSER"), string(os.PathListSeparator))
		if argv = strings.Fields(first); len(argv) == 0 {
			return nil, fmt.Errorf("BROWSER is empty")
		}
	case runtime.GOOS == "darwin":
		argv = []string{"/usr/bin/open"}
	case runtime.GOOS == "windows":
		argv = []string{"rundll32", "url.dll,FileProtocolHandler"}
	case isWSL():
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
