//go:build linux

package keyring

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"

	"fob/internal/fob"
	"fob/internal/vault/unlock"
)

// Names of the Secret Service, the freedesktop.org specification 0.2 that GNOME
// Keyring, KWallet and KeePassXC implement.
const (
	busName   = "org.freedesktop.secrets"
	busPath   = dbus.ObjectPath("/org/freedesktop/secrets")
	ifService = "org.freedesktop.Secret.Service"
	ifCollect = "org.freedesktop.Secret.Collection"
	ifItem    = "org.freedesktop.Secret.Item"
	ifPrompt  = "org.freedesktop.Secret.Prompt"
	noObject  = dbus.ObjectPath("/")
)

// secretService uses the Secret Service, with a new connection for each operation.
// zalando/go-keyring v0.2.8 was not used on Linux. It shares one connection behind a lock, so that
// a bus that never answers blocks every later call of a long-lived agent too; it starts dbus-launch
// when there is no bus; it waits for ever for a prompt's answer; and it sends the secret in clear
// over the bus, where it may be recorded.
type secretService struct{ getenv func(string) string }

func newStore(getenv func(string) string) store { return secretService{getenv} }

// address finds the session bus as libdbus does, but never starts one. The caller's bus is tried
// before the one in the agent's environment.
func (s secretService) address(ctx context.Context) (string, error) {
	var known []string
	for part := range strings.SplitSeq(unlock.Bus(ctx)+";"+s.getenv("DBUS_SESSION_BUS_ADDRESS"), ";") {
		if strings.HasPrefix(part, "unix:") && !slices.Contains(known, part) { // other transports start programs or leave this machine
			known = append(known, part)
		}
	}
	if len(known) > 0 {
		return strings.Join(known, ";"), nil
	}
	dir := s.getenv("XDG_RUNTIME_DIR")
	if filepath.IsAbs(dir) {
		bus := filepath.Join(dir, "bus")
		if _, err := os.Stat(bus); err == nil {
			return "unix:path=" + dbus.EscapeBusAddressValue(bus), nil
		}
	}
	return "", fob.Errorf(fob.ErrLocked, "there is no session bus here, and so no keyring").
		WithHint("fob unlock, in a terminal of the desktop session (DBUS_SESSION_BUS_ADDRESS is not set)")
}

// client is one connection with one session on it.
type client struct {
	conn    *dbus.Conn
	session dbus.ObjectPath
	cipher  sessionKey
	wait    *wait
}

func (s secretService) connect(ctx context.Context, w *wait) (*client, error) {
	address, err := s.address(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := open(ctx, address)
	if err != nil {
		hint := cmp.Or(fob.HintOf(err), "fob unlock, in a terminal of the desktop session")
		return nil, fob.Errorf(fob.ErrLocked, "cannot reach the session bus at %s: %w", address, err).WithHint("%s", hint)
	}
	c := &client{conn: conn, wait: w}
	if err := c.openSession(ctx); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// open connects to a bus and introduces itself.
func open(ctx context.Context, address string) (*dbus.Conn, error) {
	socket, err := dialBus(ctx, address)
	if err != nil {
		return nil, err
	}
	conn, err := dbus.NewConn(socket, dbus.WithContext(ctx))
	if err != nil {
		_ = socket.Close()
		return nil, err
	}
	err = conn.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Geteuid()))})
	if err == nil {
		err = conn.Hello()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func (c *client) close() { _ = c.conn.Close() }

func (c *client) call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return c.conn.Object(busName, path).CallWithContext(ctx, method, 0, args...)
}

// openSession agrees on a key for transporting secrets. Services without encrypted transport get
// them in clear, as the specification allows.
func (c *client) openSession(ctx context.Context) error {
	private, public, err := newExchange()
	if err != nil {
		return fob.Errorf(fob.ErrInternal, "no random numbers: %w", err)
	}
	var answer dbus.Variant
	err = c.call(ctx, busPath, ifService+".OpenSession", algorithm, dbus.MakeVariant(public)).Store(&answer, &c.session)
	if isName(err, "org.freedesktop.DBus.Error.NotSupported") {
		err = c.call(ctx, busPath, ifService+".OpenSession", "plain", dbus.MakeVariant("")).Store(&answer, &c.session)
		return refused(err)
	}
	if err != nil {
		return refused(err)
	}
	peer, _ := answer.Value().([]byte)
	if c.cipher, err = private.key(peer); err != nil {
		return fob.Errorf(fob.ErrLocked, "the keyring's answer makes no sense: %w", err)
	}
	return nil
}

// collection finds the collection for new items: the default one, or the one unlocked by logging
// in.
func (c *client) collection(ctx context.Context) (dbus.ObjectPath, error) {
	for _, alias := range []string{"default", "login"} {
		var path dbus.ObjectPath
		if err := c.call(ctx, busPath, ifService+".ReadAlias", alias).Store(&path); err != nil {
			return "", refused(err)
		}
		if path != noObject && path != "" {
			return path, nil
		}
	}
	return "", fob.Errorf(fob.ErrLocked, "the keyring has no default collection").
		WithHint("make one in the desktop's password program (seahorse, kwalletmanager), then fob unlock")
}

func (s secretService) ready(ctx context.Context, w *wait) error {
	c, err := s.connect(ctx, w)
	if err != nil {
		return err
	}
	defer c.close()
	path, err := c.collection(ctx)
	if err != nil {
		return err
	}
	var locked dbus.Variant
	err = c.call(ctx, path, "org.freedesktop.DBus.Properties.Get", ifCollect, "Locked").Store(&locked)
	if err != nil {
		return refused(err)
	}
	if is, _ := locked.Value().(bool); is && w.ui.AskFunc == nil {
		return nobody()
	}
	return nil
}

// attributes identify fob's items. They are stored in clear. `secret-tool lookup service fob
// username LABEL` finds the same item.
func attributes(label string) map[string]string {
	return map[string]string{"service": service, "username": label}
}

// find returns the item, unlocked; errNone if there is none.
func (c *client) find(ctx context.Context, label string) (dbus.ObjectPath, error) {
	var open, locked []dbus.ObjectPath
	err := c.call(ctx, busPath, ifService+".SearchItems", attributes(label)).Store(&open, &locked)
	switch {
	case err != nil:
		return "", refused(err)
	case len(open) > 0:
		return open[0], nil
	case len(locked) > 0:
		return locked[0], c.unlock(ctx, locked[0])
	}
	return "", errNone
}

// secret is the specification's struct of that name.
type secret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

func (s secretService) get(ctx context.Context, w *wait, label string) (string, error) {
	c, err := s.connect(ctx, w)
	if err != nil {
		return "", err
	}
	defer c.close()
	item, err := c.find(ctx, label)
	if err != nil {
		return "", err
	}
	var sec secret
	if err := c.call(ctx, item, ifItem+".GetSecret", c.session).Store(&sec); err != nil {
		return "", refused(err)
	}
	text, err := c.cipher.open(sec.Parameters, sec.Value)
	if err != nil {
		return "", fob.Errorf(fob.ErrDamaged, "the keyring's item %s %s cannot be read: %w", service, label, err)
	}
	defer clear(text)
	return string(text), nil
}

func (s secretService) set(ctx context.Context, w *wait, label, text string) error {
	c, err := s.connect(ctx, w)
	if err != nil {
		return err
	}
	defer c.close()
	path, err := c.collection(ctx)
	if err == nil {
		err = c.unlock(ctx, path)
	}
	if err != nil {
		return err
	}
	properties := map[string]dbus.Variant{
		ifItem + ".Label":      dbus.MakeVariant("fob vault identity " + label),
		ifItem + ".Attributes": dbus.MakeVariant(attributes(label)),
	}
	iv, sealed, err := c.cipher.seal([]byte(text))
	if err != nil {
		return fob.Errorf(fob.ErrInternal, "no random numbers: %w", err)
	}
	sec := secret{Session: c.session, Parameters: iv, Value: sealed, ContentType: "text/plain"}
	var item, prompt dbus.ObjectPath
	if err := c.call(ctx, path, ifCollect+".CreateItem", properties, sec, true).Store(&item, &prompt); err != nil {
		return refused(err)
	}
	return c.prompt(ctx, prompt)
}

func (s secretService) remove(ctx context.Context, w *wait, label string) error {
	c, err := s.connect(ctx, w)
	if err != nil {
		return err
	}
	defer c.close()
	item, err := c.find(ctx, label)
	if err != nil {
		return err
	}
	var prompt dbus.ObjectPath
	if err := c.call(ctx, item, ifItem+".Delete").Store(&prompt); err != nil {
		return refused(err)
	}
	return c.prompt(ctx, prompt)
}

// unlock unlocks a collection or an item. If it is unlocked already, no prompt opens.
func (c *client) unlock(ctx context.Context, path dbus.ObjectPath) error {
	var open []dbus.ObjectPath
	var prompt dbus.ObjectPath
	if err := c.call(ctx, busPath, ifService+".Unlock", []dbus.ObjectPath{path}).Store(&open, &prompt); err != nil {
		return refused(err)
	}
	return c.prompt(ctx, prompt)
}

// prompt has the keyring ask the user in its own window. If there is no answer in time the
// connection is closed, upon which the service closes its window.
func (c *client) prompt(ctx context.Context, path dbus.ObjectPath) error {
	if path == noObject || path == "" {
		return nil
	}
	if err := c.wait.forPerson(ctx); err != nil {
		return err
	}
	if err := c.conn.AddMatchSignalContext(ctx, dbus.WithMatchObjectPath(path), dbus.WithMatchInterface(ifPrompt)); err != nil {
		return refused(err)
	}
	signals := make(chan *dbus.Signal, 4)
	c.conn.Signal(signals)
	if err := c.call(ctx, path, ifPrompt+".Prompt", "").Err; err != nil {
		return refused(err)
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case signal, ok := <-signals:
			if !ok {
				return fob.Errorf(fob.ErrLocked, "the session bus went away while the keyring was asking").WithHint("fob unlock")
			}
			if signal.Path != path || signal.Name != ifPrompt+".Completed" {
				continue
			}
			if dismissed, ok := first[bool](signal.Body); !ok || dismissed {
				return fob.Errorf(fob.ErrLocked, "the keyring stays locked: its window was dismissed, or could not be shown").
					WithHint("unlock the keyring in the desktop session, then fob unlock")
			}
			return nil
		}
	}
}

func first[T any](body []any) (T, bool) {
	var none T
	if len(body) == 0 {
		return none, false
	}
	v, ok := body[0].(T)
	return v, ok
}

// refused converts errors of the bus and of the service.
func refused(err error) error {
	switch {
	case err == nil || errors.Is(err, context.Canceled) || errors.Is(err, dbus.ErrClosed):
		return err
	case isName(err, "org.freedesktop.DBus.Error.ServiceUnknown"), isName(err, "org.freedesktop.DBus.Error.NameHasNoOwner"):
		return fob.Errorf(fob.ErrLocked, "no keyring runs on the session bus (%s)", busName).
			WithHint("install and start gnome-keyring, KWallet or KeePassXC, then fob unlock")
	case isName(err, "org.freedesktop.Secret.Error.IsLocked"):
		return fob.Errorf(fob.ErrLocked, "the keyring is locked").WithHint("unlock it in the desktop session, then fob unlock")
	}
	return fob.Errorf(fob.ErrLocked, "the keyring refused: %w", err).WithHint("look at the keyring in the desktop's password program, then fob unlock")
}

func isName(err error, name string) bool {
	var e dbus.Error
	return errors.As(err, &e) && e.Name == name
}
