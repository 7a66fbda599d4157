package browser

import (
	"net"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"fob/internal/environ"
)

// linux is a system on which some programs are there.
func linux(programs ...string) system {
	return system{"linux", false, func(string) bool { return false }, func(program string) (string, error) {
		if slices.Contains(programs, program) {
			return program, nil
		}
		return "", exec.ErrNotFound
	}}
}

// The address is one argument or part of one, whatever BROWSER says: the path of a
// program with blanks, arguments, a list.
func TestCommandOfBROWSER(t *testing.T) {
	t.Parallel()
	const page = "https://h/?a=b&c=$(x)"
	sep := string(os.PathListSeparator)
	s := linux("/opt/My Browser/run", "/opt/My", "there", "firefox")
	for value, want := range map[string][]string{
		"firefox":                                    {"firefox", page},
		"firefox -P work":                            {"firefox", "-P", "work", page},
		"firefox -P 'my work'":                       {"firefox", "-P", "my work", page},
		"firefox -P 'my work":                        nil,
		"open --url=%s --new" + sep + "x":            {"open", "--url=" + page, "--new"},
		"a" + sep + "b %s":                           {"a", page},
		"a" + sep + " there %s -x" + sep + "firefox": {"there", page, "-x"},
		"/opt/My Browser/run":                        {"/opt/My Browser/run", page},
		"/opt/My Browser/run --new %s":               {"/opt/My Browser/run", "--new", page},
		"'/opt/My Browser/run' --new":                {"/opt/My Browser/run", "--new", page},
		"/opt/My other":                              {"/opt/My", "other", page},
		"gone" + sep + "/opt/My Browser/run":         {"/opt/My Browser/run", page},
		sep + "b":                                    {"b", page},
		" ":                                          nil,
		sep:                                          nil,
		"%s":                                         {"%s", page},
	} {
		got, err := s.command(environ.Environ{"BROWSER=" + value}, page)
		if !slices.Equal(got, want) || (err != nil) != (want == nil) {
			t.Errorf("BROWSER=%q: %q, %v", value, got, err)
		}
	}
}

// In WSL the browser is one of Windows, with wslview and without.
func TestCommandInWSL(t *testing.T) {
	t.Parallel()
	const page, windows, handler = "https://h/", "/mnt/c/Windows/System32/rundll32.exe", "url.dll,FileProtocolHandler"
	for _, c := range []struct {
		there string
		want  []string
	}{
		{"wslview", []string{"wslview", page}},
		{"rundll32.exe", []string{"rundll32.exe", handler, page}},
		{windows, []string{windows, handler, page}},
		{"xdg-open", nil},
	} {
		s := linux(c.there)
		s.wsl = true
		got, err := s.command(nil, page)
		if !slices.Equal(got, c.want) || (err != nil) != (c.want == nil) {
			t.Errorf("%s: %q, %v", c.there, got, err)
		}
		if why := s.headless(nil); (why != "") != (c.want == nil) {
			t.Errorf("%s: headless: %q", c.there, why)
		}
	}
}

// A page is opened only if it is of https, or on this machine, and nothing but an address.
func TestCheck(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://device.sso.eu-west-1.amazonaws.com/?user_code=ABCD-EFGH": true,
		"HTTPS://corp.awsapps.com/start#/device":                          true,
		"http://127.0.0.1:8080/authorize?x=%20%0a":                        true,
		"http://[::1]:1/":                       true,
		"http://localhost/":                     true,
		"http://corp.localhost.:4566/":          true,
		"http://192.168.1.1/":                   false,
		"http://localhost.example.com/":         false,
		"http://127.0.0.1.example.com/":         false,
		"http://127.0.0.1@example.com/":         false,
		"https://corp.awsapps.com@example.com/": false,
		"--new-window=https://h/":               false,
		"-https://h/":                           false,
		"":                                      false,
		"/start":                                false,
		"//h/start":                             false,
		"https:h":                               false,
		"https:///start":                        false,
		"https://:443/":                         false,
		"file:///etc/passwd":                    false,
		"javascript:alert(1)":                   false,
		"vscode://h/x":                          false,
		"https://h/\nhttps://g/":                false,
		"https://h/\x1b]8;;":                    false,
		"https://h/ --x":                        false,
		"https://h/\u202e":                      false,
		"https://h/\u2028":                      false,
		"http://127.1.2.3/":                     true,
		"http://127.0.0.01/":                    false,
		"http://127.0.1/":                       false,
		"http://[::1":                           false,
		"http://[fe80::1%25x]/":                 false,
		"http://[::2]/":                         false,
		"https://[2001:db8::1]:8443/x":          true,
		"https://h:99999/":                      false,
		"https://h:x/":                          false,
		"https://-h/":                           false,
		"https://bücher.example/":               true,
		`https:\\h\x`:                           false,
	} {
		if err := Check(address); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
		argv, err := linux().command(environ.Environ{"BROWSER=firefox %s"}, address)
		if (err == nil) != ok || ok && !slices.Equal(argv, []string{"firefox", address}) {
			t.Errorf("%q: %q, %v", address, argv, err)
		}
	}
}

// What Check accepts is an address and nothing else, whatever a server says.
func FuzzCheck(f *testing.F) {
	for _, text := range []string{"https://h/", "http://127.0.0.1:1/x?y#z", "-x", "https://a@b/", "file:///x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if Check(address) != nil {
			return
		}
		lower := strings.ToLower(address)
		if !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://") {
			t.Fatalf("%q", address)
		}
		u, err := url.Parse(address)
		if err == nil && u.Scheme == "http" && u.Hostname() != "localhost" && !strings.Contains(strings.ToLower(u.Hostname()), "localhost") && !net.ParseIP(u.Hostname()).IsLoopback() {
			t.Fatalf("%q is not on loopback", address)
		}
		if err == nil && (u.User != nil || u.Host == "") {
			t.Fatalf("%q: %+v", address, u)
		}
		for _, r := range address {
			if r <= ' ' || r == 0x7f {
				t.Fatalf("%q", address)
			}
		}
	})
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
	s := linux("xdg-open")
	if got := s.headless(nil); got != "there is no display here" {
		t.Errorf("without a display: %q", got)
	}
	if got := s.headless(environ.Environ{"container=podman"}); got != "this is a container without a display" {
		t.Errorf("in a container: %q", got)
	}
	s.exists = func(path string) bool { return path == "/.dockerenv" }
	if got := s.headless(nil); got != "this is a container without a display" {
		t.Errorf("in Docker: %q", got)
	}
	if got := s.headless(environ.Environ{"DISPLAY=:0"}); got != "" {
		t.Errorf("in Docker with a display: %q", got)
	}
}
