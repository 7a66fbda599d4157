package command

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"

	"fob/internal/api"
	"fob/internal/fob"
	"fob/internal/frontend"
)

// Programs are the parts of deliveries that work in this process, by the name of
// the way. They link net/http and more (ADR 11).
type Programs map[string]func(ctx context.Context, t fob.Task) error

// RunTask runs a delivery's part in this process.
func (a *App) RunTask(ctx context.Context, way string, t fob.Task) error {
	run := a.Programs[way]
	if run == nil {
		return fob.Errorf(fob.ErrInternal, "the delivery %s has no part in this program", way)
	}
	debug.SetGCPercent(100) // this may stay for weeks
	home, err := fob.HomeFrom(a.Getenv)
	if err != nil {
		return err
	}
	clients := &clients{app: a.App, idle: make(chan *frontend.App, maxClients), slots: make(chan struct{}, maxClients)}
	defer clients.close()
	t.Deliver, t.Tell, t.RunDir = clients.deliver, a.Tell, home.RunDir
	t.In, t.Out, t.Err = a.In, a.Out, a.Err
	return run(ctx, t)
}

// UntilTold ends with a signal that asks a server to end: Ctrl-C, a closed terminal.
// Where one of these was ignored at the start it stays so: nohup keeps a server from
// the terminal's end, and a script that starts one with & from the script's Ctrl-C.
func UntilTold(ctx context.Context) (context.Context, context.CancelFunc) {
	ends := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			ends = append(ends, s)
		}
	}
	return signal.NotifyContext(ctx, ends...)
}

// maxClients bounds how many questions a task puts to the agent at once.
const maxClients = 16

// clients are connections to the agent for many goroutines: each question has
// one of its own, because whoever waits for a person must not hold up the others.
type clients struct {
	app   *frontend.App
	idle  chan *frontend.App
	slots chan struct{}

	terminal sync.Mutex // one question at a time
}

func (c *clients) deliver(ctx context.Context, r fob.Request) (fob.Delivery, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return fob.Delivery{}, ctx.Err()
	}
	var one *frontend.App
	select {
	case one = <-c.idle:
	default:
		one = c.app.Clone(&c.terminal)
	}
	one.NoPrompt = r.NoPrompt
	p := &api.DeliverParams{
		Name: r.Profile, Way: r.Way, Options: r.Options, NoSession: r.NoSession,
		MinValid: int(r.MinValid.Seconds()), Patience: int(r.Patience.Milliseconds()), Narrow: r.Narrow,
	}
	p.Caller.Exe = one.Exe()
	var d fob.Delivery
	err := one.Call(ctx, api.Deliver, &p.Caller, p, &d)
	select {
	case c.idle <- one:
	default:
		one.Leave()
	}
	return d, err
}

func (c *clients) close() {
	for {
		select {
		case one := <-c.idle:
			one.Leave()
		default:
			return
		}
	}
}
