package cli

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"

	"fob/internal/api"
	"fob/internal/fob"
)

// becomeAgent puts the front end inside fob-agent in this process's place. It is
// a client of the running agent like any other.
func (a *app) becomeAgent() error {
	path, err := api.FindAgent(a.environ)
	if err != nil {
		return err
	}
	return become(path, append([]string{a.args[0], FrontEnd, a.version}, a.args[1:]...), a.environ)
}

// runTask runs a delivery's part in this process. fob itself has none of them
// linked: the front end inside fob-agent takes its place.
func (a *app) runTask(ctx context.Context, way string, t fob.Task) error {
	run := a.programs[way]
	if run == nil {
		return a.becomeAgent()
	}
	debug.SetGCPercent(100) // this may stay for weeks
	home, err := fob.HomeFrom(a.getenv)
	if err != nil {
		return err
	}
	clients := &clients{app: a, idle: make(chan *app, maxClients), slots: make(chan struct{}, maxClients)}
	defer clients.close()
	t.Deliver, t.Tell, t.RunDir = clients.deliver, a.tell, home.RunDir
	t.In, t.Out, t.Err = a.In, a.Out, a.Err
	return run(ctx, t)
}

// untilTold ends with a signal that asks a server to end: Ctrl-C, a closed terminal.
// Where one of these was ignored at the start it stays so: nohup keeps a server from
// the terminal's end, and a script that starts one with & from the script's Ctrl-C.
func untilTold(ctx context.Context) (context.Context, context.CancelFunc) {
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
	app   *app
	idle  chan *app
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
	var one *app
	select {
	case one = <-c.idle:
	default:
		fresh := *c.app
		fresh.client, fresh.terminal = nil, &c.terminal
		one = &fresh
	}
	one.noPrompt = r.NoPrompt
	p := &api.DeliverParams{
		Name: r.Profile, Way: r.Way, Options: r.Options, NoSession: r.NoSession,
		MinValid: int(r.MinValid.Seconds()), Patience: int(r.Patience.Milliseconds()), Narrow: r.Narrow,
	}
	p.Caller.Exe = one.exe()
	var d fob.Delivery
	err := one.call(ctx, api.Deliver, &p.Caller, p, &d)
	select {
	case c.idle <- one:
	default:
		one.leave()
	}
	return d, err
}

func (c *clients) close() {
	for {
		select {
		case one := <-c.idle:
			one.leave()
		default:
			return
		}
	}
}
