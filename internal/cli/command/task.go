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

// Programs are the deliveries that run in the front end's own process, such as fob curl and
// fob serve, by name. The caller passes them, so that this package does not link net/http
// (ADR 11).
type Programs map[string]func(ctx context.Context, t fob.Task) error

// RunTask runs one of [Programs] and returns when it ends: for a server, when ctx does.
func (a *App) RunTask(ctx context.Context, way string, t fob.Task) error {
	run := a.Programs[way]
	if run == nil {
		return fob.Errorf(fob.ErrInternal, "the delivery %s has no part in this program", way)
	}
	debug.SetGCPercent(100) // a server may run for weeks: collect garbage again
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

// UntilTold returns a context for a server, which ends with SIGTERM, Ctrl-C, and when the
// terminal closes. Signals that were ignored at the start stay ignored: nohup protects a
// server from a closing terminal, and a shell's & in a script from Ctrl-C.
func UntilTold(ctx context.Context) (context.Context, context.CancelFunc) {
	ends := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			ends = append(ends, s)
		}
	}
	return signal.NotifyContext(ctx, ends...)
}

// maxClients is how many requests to the agent a task may have at once.
const maxClients = 16

// clients are connections to the agent for many goroutines. Each request has one of its own,
// because a request that waits for a person must not delay the others.
type clients struct {
	app   *frontend.App
	idle  chan *frontend.App
	slots chan struct{}

	asking sync.Mutex // one question at a time
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
		one = c.app.Clone(&c.asking)
	}
	one.NoPrompt = r.NoPrompt
	p := api.DeliverParams{
		Name: r.Profile, Way: r.Way, Options: r.Options, NoSession: r.NoSession,
		MinValid: int(r.MinValid.Seconds()), Patience: int(r.Patience.Milliseconds()), Narrow: r.Narrow,
	}
	d, err := frontend.Call(ctx, one, api.Deliver, p)
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
