//go:build linux

package keyring

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"fob/internal/vault/unlock/unlocktest"
	"fob/test/skip"
)

// bus is a private D-Bus that starts no services by itself: only what the test starts is there, and
// no window can open.
type bus struct {
	dir     string
	address string
	conn    *dbus.Conn
}

func (b *bus) getenv(name string) string {
	if name == "DBUS_SESSION_BUS_ADDRESS" {
		return b.address
	}
	return ""
}

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=DIR/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>`

func startBus(t *testing.T) *bus {
	t.Helper()
	skip.Need(t, "dbus-daemon")
	dir, err := os.MkdirTemp("", "fobbus") // t.TempDir's paths are too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	conf := filepath.Join(dir, "conf")
	if err := os.WriteFile(conf, []byte(strings.ReplaceAll(busConfig, "DIR", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dbus-daemon", "--config-file="+conf, "--nofork", "--nosyslog", "--print-address")
	b := &bus{dir: dir, address: "unix:path=" + dir + "/bus"}
	start(t, cmd, true)
	b.conn, err = dbus.Connect(b.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.conn.Close() })
	return b
}

// start starts a program that is ended with the test; with line, it waits for a first line of
// output.
func start(t *testing.T, cmd *exec.Cmd, line bool) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if line {
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatalf("%s said nothing: %v", cmd.Path, err)
		}
	}
}

// gnome starts a real GNOME Keyring on the bus, with an unlocked login collection.
func (b *bus) gnome(t *testing.T) {
	t.Helper()
	skip.Need(t, "gnome-keyring-daemon")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := b.conn.AddMatchSignalContext(ctx, dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, busName)); err != nil {
		t.Fatal(err)
	}
	owners := make(chan *dbus.Signal, 8)
	b.conn.Signal(owners)
	cmd := exec.Command("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets", "--control-directory="+b.dir)
	cmd.Env = []string{"HOME=" + b.dir, "XDG_RUNTIME_DIR=" + b.dir, "XDG_DATA_HOME=" + b.dir, "DBUS_SESSION_BUS_ADDRESS=" + b.address, "PATH=" + os.Getenv("PATH")}
	cmd.Stdin = strings.NewReader(unlocktest.Phrase)
	start(t, cmd, false)
	select {
	case <-owners:
	case <-ctx.Done():
		t.Fatal("gnome-keyring-daemon does not appear on the bus")
	}
}

// lock locks the collection that holds the items.
func (b *bus) lock(t *testing.T) {
	t.Helper()
	c := &client{conn: b.conn}
	path, err := c.collection(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.call(t.Context(), busPath, ifService+".Lock", []dbus.ObjectPath{path}).Err; err != nil {
		t.Fatal(err)
	}
}

// fake is a Secret Service that is always locked, and the behaviour of its prompt.
type fake struct {
	conn     *dbus.Conn
	plain    bool          // offers no encrypted transport
	prompted chan struct{} // closed when a prompt is shown
	answer   bool          // the prompt is dismissed; otherwise it is never answered
	text     string        // the content of its only item
}

const fakePrompt = dbus.ObjectPath("/org/freedesktop/secrets/prompt/p1")

// serve puts a fake keyring on the bus.
func (b *bus) serve(t *testing.T, f *fake) {
	t.Helper()
	f.conn, f.prompted = b.conn, make(chan struct{})
	for path, iface := range map[dbus.ObjectPath]string{
		busPath: ifService, fakePrompt: ifPrompt, busPath + "/collection/login/1": ifItem,
	} {
		if err := b.conn.Export(f, path, iface); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.conn.RequestName(busName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
}

func (f *fake) OpenSession(kind string, _ dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	if kind != "plain" {
		return dbus.MakeVariant(""), noObject, dbus.NewError("org.freedesktop.DBus.Error.NotSupported", nil)
	}
	return dbus.MakeVariant(""), busPath + "/session/s1", nil
}

func (f *fake) SearchItems(map[string]string) (open, locked []dbus.ObjectPath, _ *dbus.Error) {
	item := []dbus.ObjectPath{busPath + "/collection/login/1"}
	if f.plain {
		return item, nil, nil
	}
	return nil, item, nil
}

func (f *fake) Unlock([]dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	return nil, fakePrompt, nil
}

// Prompt is called to open the window.
func (f *fake) Prompt(string) *dbus.Error {
	close(f.prompted)
	if f.answer {
		_ = f.conn.Emit(fakePrompt, ifPrompt+".Completed", true, dbus.MakeVariant(""))
	}
	return nil
}

func (f *fake) GetSecret(session dbus.ObjectPath) (secret, *dbus.Error) {
	return secret{Session: session, Parameters: []byte{}, Value: []byte(f.text), ContentType: "text/plain"}, nil
}
