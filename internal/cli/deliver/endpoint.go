package deliver

import (
	"context"
	"maps"
	"os"

	"fob/internal/api"
	"fob/internal/child"
	"fob/internal/cli/command"
	"fob/internal/fob"
)

// execEndpoint runs a program as a child, and serves it credentials at an endpoint on
// loopback until the program ends.
func execEndpoint(ctx context.Context, a *command.App, p *api.DeliverParams, argv []string) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var c *child.Child
	ended := make(chan error, 1)
	t := fob.Task{
		Requests: []fob.Request{{Profile: p.Name, NoSession: p.NoSession, Narrow: p.Narrow}},
		Options:  map[string][]string{"child": {""}},
		Ready: func(d fob.Delivery) (err error) {
			if c, err = startServed(ctx, a, p, d, argv); err != nil {
				return err
			}
			go func() {
				ended <- c.Wait()
				end()
			}()
			return nil
		},
	}
	err := a.RunTask(ctx, "endpoint", t)
	if c == nil {
		return err
	}
	if err != nil {
		a.Tell("the endpoint failed: " + err.Error()) // the program runs on
	}
	err = <-ended
	a.Leave()
	return c.Mirror(err)
}

// startServed starts the program, in the environment of the delivery exec together with the
// variables that name the endpoint.
func startServed(ctx context.Context, a *command.App, p *api.DeliverParams, served fob.Delivery, argv []string) (*child.Child, error) {
	p.Options = map[string]string{"mode": "endpoint"}
	d, err := a.Deliver(ctx, p)
	if err != nil {
		return nil, err
	}
	a.Leave()
	maps.Copy(d.Set, served.Set)
	d.Unset = append(d.Unset, served.Unset...)
	if a.Environ.HasBotoKeys() {
		d.Set["BOTO_CONFIG"] = os.DevNull
	}
	if err := a.Environ.Enter(d, p.Name, p.Narrow, false); err != nil {
		return nil, err
	}
	return child.Start(argv, a.Environ.Unnested().Changed(d).Direct())
}
