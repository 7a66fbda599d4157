package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fob/test/skip"
)

// On a machine that has nothing, test/setup says what it installs and how, and uses
// sudo only where it was told to. Where it may not or cannot, it goes on.
func TestSetup(t *testing.T) {
	t.Parallel()
	skip.Need(t, "bash")
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	const command = "apt-get install -y --no-install-recommends gnome-keyring dbus"
	for _, tt := range []struct {
		name string
		uid  string
		sudo string            // SUDO
		has  map[string]string // programs, by their scripts
		says []string
		runs string // what was called, a line each, as far as it counts
	}{
		{name: "root", uid: "0", has: map[string]string{"apt-get": `echo apt-get "$1" >>"$CALLS"`},
			says: []string{"installing these Debian packages: gnome-keyring dbus", command}, runs: "apt-get -qq\napt-get install\n"},
		{name: "another user", uid: "1000", has: map[string]string{"apt-get": `echo apt-get >>"$CALLS"`, "sudo": `echo sudo >>"$CALLS"`},
			says: []string{"not installed: gnome-keyring dbus", "  sudo apt-get update && sudo " + command, "skipped by name", "make setup SUDO=yes"}},
		{name: "another user, told to use sudo", uid: "1000", sudo: "yes",
			has:  map[string]string{"apt-get": `echo apt-get >>"$CALLS"`, "sudo": `echo sudo "$1" "$2" >>"$CALLS"`},
			says: []string{"installing these Debian packages: gnome-keyring dbus", "sudo -n " + command}, runs: "sudo -n apt-get\nsudo -n apt-get\n"},
		{name: "no network", uid: "0", has: map[string]string{"apt-get": `echo apt-get "$1" >>"$CALLS"; exit 100`},
			says: []string{command, "they could not be installed", "skipped by name"}, runs: "apt-get -qq\n"},
		{name: "no apt-get", uid: "0", says: []string{"there is no apt-get: gnome-keyring dbus", "skipped by name"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			script := func(name, text string) {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("#!"+bash+"\n"+text+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			script("id", "echo "+tt.uid)
			for name, text := range tt.has {
				script(name, text)
			}
			calls := filepath.Join(dir, "calls")
			cmd := exec.Command(bash, "setup")
			cmd.Env = []string{"PATH=" + dir, "CALLS=" + calls, "SUDO=" + tt.sudo}
			said, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			for _, want := range tt.says {
				if !strings.Contains(string(said), want) {
					t.Errorf("it does not say %q:\n%s", want, said)
				}
			}
			if ran, _ := os.ReadFile(calls); string(ran) != tt.runs {
				t.Errorf("it called %q, want %q", ran, tt.runs)
			}
		})
	}
}
