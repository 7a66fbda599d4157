//go:build linux

package keyring

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/fob"
	"fob/internal/vault/unlock"
	"fob/internal/vault/unlock/unlocktest"
	"fob/test/skip"
)

// patient is the method without its haste: a busy machine's keyring may need more
// than two seconds to answer.
func patient(getenv func(string) string) unlock.Method { return build(newStore(getenv), 2*time.Minute) }

func person(label string) unlock.Env { return unlock.Env{Label: label, UI: unlocktest.Person()} }

func TestSuite(t *testing.T) {
	t.Parallel()
	unlocktest.Run(t, func(t *testing.T) (unlock.Method, unlock.Env) {
		b := startBus(t)
		b.gnome(t)
		return patient(b.getenv), person("a")
	})
}

// Other programs find the item by its attributes.
func TestSecretTool(t *testing.T) {
	t.Parallel()
	skip.Need(t, "secret-tool")
	b := startBus(t)
	b.gnome(t)
	identity := unlocktest.Identity(t)
	if err := patient(b.getenv).Store(t.Context(), person("0123"), identity); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "secret-tool", "lookup", "service", "fob", "username", "0123")
	cmd.Env = append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS="+b.address)
	out, err := cmd.Output()
	if err != nil || string(out) != identity.Reveal() {
		t.Errorf("%v: secret-tool finds %d bytes", err, len(out))
	}
}

// An item that is not an identity is an error.
func TestForeignItem(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	b.gnome(t)
	m, s := patient(b.getenv), newStore(b.getenv)
	for _, text := range []string{"", unlocktest.Marker, strings.Repeat("x", 100_000), strings.Repeat("#\n", 4000) + unlocktest.Identity(t).Reveal()} {
		if err := s.set(t.Context(), &wait{ui: unlocktest.Person()}, "a", text); err != nil {
			t.Fatal(err)
		}
		_, err := m.Load(t.Context(), person("a"))
		if !errors.Is(err, fob.ErrDamaged) || strings.Contains(err.Error(), unlocktest.Marker) || fob.HintOf(err) == "" {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// Whatever the bus and the keyring do, every operation ends, with an error that
// says what to do.
func TestEnds(t *testing.T) {
	t.Parallel()
	noEnv := func(string) string { return "" }
	for _, c := range []struct {
		name   string
		getenv func(t *testing.T) func(string) string
		ui     fob.UI
		text   string
		works  bool // Works cannot know
		late   bool // only its haste ends it
	}{
		{"no bus", func(*testing.T) func(string) string { return noEnv }, unlocktest.Person(), "there is no session bus", false, false},
		{"no bus in the runtime directory", func(t *testing.T) func(string) string {
			return only("XDG_RUNTIME_DIR", t.TempDir())
		}, unlocktest.Person(), "there is no session bus", false, false},
		{"autolaunch", func(t *testing.T) func(string) string {
			return only("DBUS_SESSION_BUS_ADDRESS", "autolaunch:;unixexec:path=/bin/false;tcp:host=192.0.2.1,port=1")
		}, unlocktest.Person(), "there is no session bus", false, false},
		{"dead path", func(*testing.T) func(string) string {
			return only("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
		}, unlocktest.Person(), "cannot reach the session bus at unix:path=/nonexistent/bus", false, false},
		{"dead socket", deadSocket, unlocktest.Person(), "connection refused", false, false},
		{"black hole", blackHole, unlocktest.Person(), "did not answer within 2 seconds", false, true},
		{"hangs up", hangsUp, unlocktest.Person(), "cannot reach the session bus", false, false},
		{"no service", func(t *testing.T) func(string) string { return startBus(t).getenv }, unlocktest.Person(), "no keyring runs on the session bus", false, false},
		{"locked, nobody there", lockedGnome, fob.UI{}, "nobody is there to unlock it", false, false},
		{"locked, no prompter", lockedGnome, unlocktest.Person(), "the keyring stays locked", true, false},
		{"prompt dismissed", fakeWith(&fake{answer: true}), unlocktest.Person(), "its window was dismissed", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := patient(c.getenv(t))
			if c.late {
				m = Method(c.getenv(t))
			}
			env := unlock.Env{Label: "a", UI: c.ui}
			_, err := m.Load(t.Context(), env)
			explains(t, err, c.text)
			if err := m.Works(t.Context(), env); err == nil && !c.works {
				t.Error("it says it works")
			} else if err != nil && !strings.Contains(fob.HintOf(err), "--unlock passphrase") {
				t.Errorf("hint %q", fob.HintOf(err))
			}
			if m.Store(t.Context(), env, unlocktest.Identity(t)) == nil {
				t.Error("it says it stored")
			}
		})
	}
}

// stuck is a keyring in which every call blocks until it is closed.
type stuck chan struct{}

func (s stuck) ready(context.Context, *wait) error { <-s; return nil }
func (s stuck) get(context.Context, *wait, string) (string, error) {
	<-s
	return "", nil
}
func (s stuck) set(context.Context, *wait, string, string) error { <-s; return nil }
func (s stuck) remove(context.Context, *wait, string) error      { <-s; return nil }

// A call that blocks for ever is abandoned within two seconds, even if it ignores
// its context.
func TestEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := make(stuck)
		defer close(s)
		m := build(s, limit)
		for name, do := range map[string]func() error{
			"works":  func() error { return m.Works(t.Context(), person("a")) },
			"load":   func() error { _, err := m.Load(t.Context(), person("a")); return err },
			"store":  func() error { return m.Store(t.Context(), person("a"), unlocktest.Identity(t)) },
			"forget": func() error { return m.Forget(t.Context(), person("a")) },
		} {
			start := time.Now()
			err := do()
			if took := time.Since(start); took > 2*time.Second || !errors.Is(err, fob.ErrLocked) || !strings.Contains(err.Error(), "did not answer within 2 seconds") {
				t.Errorf("%s: %v after %v", name, err, took)
			}
		}
	})
}

// The bus of whoever asks is tried before that of the agent's start, which may be
// one of another session; and the other way round.
func TestBusOfTheCaller(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	b.gnome(t)
	identity := unlocktest.Identity(t)
	if err := patient(b.getenv).Store(t.Context(), person("a"), identity); err != nil {
		t.Fatal(err)
	}
	const dead = "unix:path=/nonexistent/bus"
	for name, c := range map[string]struct {
		own  func(string) string
		bus  string
		text string
	}{
		"the caller's":       {only("DBUS_SESSION_BUS_ADDRESS", dead), b.address, ""},
		"the only one":       {only("", ""), b.address, ""},
		"the agent's":        {b.getenv, dead, ""},
		"none of both":       {only("DBUS_SESSION_BUS_ADDRESS", dead), "unix:path=/nonexistent/other", "cannot reach the session bus at unix:path=/nonexistent/other;" + dead},
		"no program's start": {only("", ""), "unixexec:path=/bin/false", "there is no session bus"},
	} {
		have, err := patient(c.own).Load(unlock.WithBus(t.Context(), c.bus), person("a"))
		switch {
		case c.text != "":
			explains(t, err, c.text)
			if !strings.Contains(fob.HintOf(err), "fob unlock, in a terminal of the desktop session") {
				t.Errorf("%s: hint %q", name, fob.HintOf(err))
			}
		case err != nil || !have.Equal(identity):
			t.Errorf("%s: %v", name, err)
		}
	}
}

func explains(t *testing.T, err error, text string) {
	t.Helper()
	if !errors.Is(err, fob.ErrLocked) || !strings.Contains(err.Error(), text) || !strings.Contains(fob.HintOf(err), "fob ") && !strings.Contains(fob.HintOf(err), "fob-agent") || strings.Contains(fob.HintOf(err), "init") {
		t.Errorf("%v (hint %q), want %q", err, fob.HintOf(err), text)
	}
}

func only(name, value string) func(string) string {
	return func(n string) string {
		if n == name {
			return value
		}
		return ""
	}
}

func socket(t *testing.T) (*net.UnixListener, func(string) string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "fobbus")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "bus"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, only("XDG_RUNTIME_DIR", dir)
}

// deadSocket is what a crashed bus leaves: a socket without a listener.
func deadSocket(t *testing.T) func(string) string {
	l, getenv := socket(t)
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	return getenv
}

// blackHole accepts connections and never answers.
func blackHole(t *testing.T) func(string) string {
	_, getenv := socket(t)
	return getenv
}

func hangsUp(t *testing.T) func(string) string {
	l, getenv := socket(t)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	return getenv
}

func lockedGnome(t *testing.T) func(string) string {
	b := startBus(t)
	b.gnome(t)
	if err := patient(b.getenv).Store(t.Context(), person("a"), unlocktest.Identity(t)); err != nil {
		t.Fatal(err)
	}
	b.lock(t)
	return b.getenv
}

func fakeWith(f *fake) func(t *testing.T) func(string) string {
	return func(t *testing.T) func(string) string {
		b := startBus(t)
		f2 := *f
		b.serve(t, &f2)
		return b.getenv
	}
}

// A bus that hung once does not block later operations, as each has its own connection.
func TestRecovers(t *testing.T) {
	t.Parallel()
	hole, b := blackHole(t), startBus(t)
	b.gnome(t)
	now := hole
	m := build(newStore(func(name string) string { return now(name) }), 5*time.Second)
	if _, err := m.Load(t.Context(), person("a")); !errors.Is(err, fob.ErrLocked) {
		t.Fatal(err)
	}
	now = b.getenv
	if _, err := m.Load(t.Context(), person("a")); !errors.Is(err, fob.ErrNotFound) {
		t.Error(err)
	}
}

// An operation waits for the keyring's window, and ends if the caller leaves.
func TestWaitsForThePerson(t *testing.T) {
	t.Parallel()
	b, f := startBus(t), &fake{}
	b.serve(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	var told string
	env := person("a")
	env.UI.TellFunc = func(_ context.Context, s string) { told = s }
	go func() {
		<-f.prompted
		cancel()
	}()
	if _, err := patient(b.getenv).Load(ctx, env); !errors.Is(err, context.Canceled) || !strings.Contains(told, "window") {
		t.Error(err, told)
	}
}

// A service without encrypted transport can be used.
func TestPlainSession(t *testing.T) {
	t.Parallel()
	b, identity := startBus(t), unlocktest.Identity(t)
	b.serve(t, &fake{plain: true, text: identity.Reveal()})
	if have, err := patient(b.getenv).Load(t.Context(), person("a")); err != nil || !have.Equal(identity) {
		t.Error(err)
	}
}

func TestExchange(t *testing.T) {
	t.Parallel()
	if p := prime(); p.BitLen() != 1024 || !p.ProbablyPrime(20) || !p.Rsh(p, 1).ProbablyPrime(20) {
		t.Fatal("not the safe prime of RFC 2409")
	}
	a, pubA, _ := newExchange()
	b, pubB, _ := newExchange()
	ka, errA := a.key(pubB)
	kb, errB := b.key(pubA)
	if errA != nil || errB != nil || string(ka) != string(kb) {
		t.Fatal("the two sides disagree", errA, errB)
	}
	for n := range 50 {
		text := strings.Repeat("x", n)
		iv, sealed, err := ka.seal([]byte(text))
		back, err2 := kb.open(iv, sealed)
		if err != nil || err2 != nil || string(back) != text {
			t.Fatalf("%d: %v %v", n, err, err2)
		}
		_, _ = kb.open(iv, sealed[:len(sealed)-1])
		_, _ = kb.open(nil, sealed)
	}
	for _, peer := range [][]byte{nil, {0}, {1}, prime().Bytes()} {
		if _, err := a.key(peer); err == nil {
			t.Errorf("%x is taken for a key", peer)
		}
	}
}
