//go:build linux

package system

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"fob/test/leak"
	"fob/test/skip"
)

// desktop is a private D-Bus with a GNOME Keyring, unlocked as by a login.
type desktop struct {
	address string
	conn    *dbus.Conn
}

func newDesktop(t *testing.T) *desktop {
	t.Helper()
	skip.Need(t, "dbus-daemon", "gnome-keyring-daemon")
	dir, err := os.MkdirTemp("", "fobbus") // t.TempDir's names are too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	conf := filepath.Join(dir, "conf")
	if err := os.WriteFile(conf, []byte(`<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=`+dir+`/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>`), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &desktop{address: "unix:path=" + dir + "/bus"}
	env := append(os.Environ(), "HOME="+dir, "XDG_RUNTIME_DIR="+dir, "XDG_DATA_HOME="+dir, "DBUS_SESSION_BUS_ADDRESS="+d.address, "DISPLAY=", "WAYLAND_DISPLAY=")
	run := func(stdin string, name string, args ...string) {
		cmd := exec.Command(name, args...)
		cmd.Env, cmd.Stdin = env, strings.NewReader(stdin)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	}
	run("", "dbus-daemon", "--config-file="+conf, "--nofork", "--nosyslog")
	soon(t, "the bus answers", func() bool {
		d.conn, err = dbus.Connect(d.address)
		return err == nil
	})
	t.Cleanup(func() { _ = d.conn.Close() })
	run(leak.Marker()+" password", "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	soon(t, "the keyring is unlocked", func() bool {
		locked, err := d.conn.Object("org.freedesktop.secrets", "/org/freedesktop/secrets/collection/login").GetProperty("org.freedesktop.Secret.Collection.Locked")
		return err == nil && locked.Value() == false
	})
	return d
}

func (d *desktop) lock(t *testing.T) {
	t.Helper()
	err := d.conn.Object("org.freedesktop.secrets", "/org/freedesktop/secrets").
		Call("org.freedesktop.Secret.Service.Lock", 0, []dbus.ObjectPath{"/org/freedesktop/secrets/collection/login"}).Err
	if err != nil {
		t.Fatal(err)
	}
}

// blackHole is a bus that accepts connections and never answers.
func blackHole(t *testing.T) (address string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "fobbus")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "bus"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = c.Close() })
		}
	}()
	return "unix:path=" + dir + "/bus"
}

// withoutVault is a home like lived's without a vault, in a session with a bus.
func withoutVault(t *testing.T, address string) *world {
	t.Helper()
	w := newWorld(t)
	w.write(w.config(), crlf(stage().expand(keptConfig)))
	w.write(w.credentials(), stage().expand(keptCredentials))
	w.session(address)
	return w
}

// session sets the bus for the next agent.
func (w *world) session(address string) {
	w.agentStop()
	w.env = append(w.env, "DBUS_SESSION_BUS_ADDRESS="+address, "XDG_RUNTIME_DIR=/nonexistent")
}

func TestKeyring(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	w := withoutVault(t, d.address)
	w.ok("vault", "init", "--unlock", "keyring")
	w.ok("adopt", "--yes")
	w.works()
	// Nobody is asked again, neither with a new agent nor without one.
	for range 2 {
		w.agentStop()
		if r := w.finish(detached(w.cmd("credentials", "bot", "--no-session"))); r.code != 0 || r.err != "fob: warning: these are the user's own long-lived keys, not a session\n" {
			t.Fatal(r)
		}
	}
	if r := w.finish(detached(w.alone("credentials", "reader"))); r.code != 0 {
		t.Fatal(r)
	}
	if files := w.tree(w.fob); strings.Contains(files, "identity") {
		t.Fatalf("the identity is in a file: %s", files)
	}
	w.ok("vault", "verify")
	w.ok("release", "jane", "bot", "reader", "--yes")
	w.original()
}

func TestFirstUsePicksTheKeyring(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	w := withoutVault(t, d.address)
	if r := w.finish(detached(w.cmd("adopt", "--yes"))); r.code != 0 || !strings.Contains(r.err, "made a vault, unlocked with keyring") {
		t.Fatal(r)
	}
	if r := w.ok("vault", "status", "--json"); !strings.Contains(r.out, `"method": "keyring"`) {
		t.Fatal(r.out)
	}
	w.works()
}

// quick fails if a command without a terminal waits for a keyring that does not answer: longer than
// fob's two seconds and the start of an agent on a busy machine take, and less than the bus's own
// 25 seconds.
func (w *world) quick(args ...string) result {
	w.t.Helper()
	start := time.Now()
	r := w.finish(detached(w.cmd(args...)))
	if took := time.Since(start); took > 20*time.Second {
		w.t.Errorf("fob %v took %v", args, took)
	}
	return r
}

// If the keyring cannot be reached its vault cannot be opened: exit code 5, soon, and no weaker
// method is used in its place.
func TestKeyringOutOfReach(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	w := withoutVault(t, d.address)
	w.ok("adopt", "--yes")
	w.works()
	for _, c := range []struct{ name, address, says string }{
		{"dead bus", "unix:path=/nonexistent/bus", "session bus"},
		{"no bus", "", "session bus"},
		{"black hole", blackHole(t), "did not answer"},
		{"locked", d.address, "keyring"},
	} {
		if c.name == "locked" {
			d.lock(t)
		}
		w.session(c.address)
		for _, args := range [][]string{{"credentials", "bot"}, {"unlock"}, {"adopt", "--yes"}, {"release", "bot", "--yes"}, {"vault", "verify"}} {
			r := w.quick(args...)
			if args[0] == "adopt" && r.code == 0 && strings.Contains(r.err, "nothing to adopt") {
				continue
			}
			if r.code != 5 || r.out != "" || !strings.Contains(r.err, c.says) {
				t.Errorf("%s: fob %v: %v", c.name, args, r)
			}
		}
		if r := w.ok("vault", "status", "--json"); !strings.Contains(r.out, `"method": "keyring"`) {
			t.Errorf("%s: %s", c.name, r.out)
		}
	}
}

// At first use without a keyring, the user is told, and asked for a passphrase; without a person no
// vault is made.
func TestFirstUseWithoutKeyring(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	d.lock(t)
	for name, address := range map[string]string{"dead bus": "unix:path=/nonexistent/bus", "no bus": "", "black hole": blackHole(t), "locked": d.address} {
		t.Run(name, func(t *testing.T) {
			w := withoutVault(t, address)
			r := w.quick("adopt", "--yes")
			if r.code != 5 && r.code != 4 || !strings.Contains(r.err, "keyring") || !strings.Contains(r.err, "hint: ") {
				t.Error(r)
			}
			if files := w.tree(w.fob); strings.Contains(files, "vault.age") || strings.Contains(files, "identity") {
				t.Errorf("a vault was made: %s", files)
			}
			w.files(crlf(stage().expand(keptConfig)), stage().expand(keptCredentials))
			w.keys("bot", "bot")
			// If the keyring is named it is an error, and nothing else is tried.
			if r := w.quick("vault", "init", "--unlock", "keyring"); r.code != 5 {
				t.Error(r)
			}
		})
	}
}

// An agent that was started outside the desktop session can be unlocked from within.
func TestUnlockFromTheDesktop(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	w := withoutVault(t, d.address)
	w.ok("adopt", "--yes")
	w.session("unix:path=/nonexistent/bus")
	r := w.quick("credentials", "bot")
	if r.code != 5 || !strings.Contains(r.err, "hint: fob unlock, in a terminal of the desktop session") {
		t.Fatal(r)
	}
	desktop := w.cmd("unlock")
	desktop.Env = append(desktop.Env, "DBUS_SESSION_BUS_ADDRESS="+d.address)
	if r := w.finish(detached(desktop)); r.code != 0 {
		t.Fatal(r)
	}
	w.works()
}
