package cli

import (
	"context"

	"fob/internal/api"
	"fob/internal/fob"
)

// credentials prints the object that SDKs read; this is the heartbeat.
func (a *app) credentials(ctx context.Context, p *api.DeliverParams) error {
	p.Way = "process"
	d, err := a.deliver(ctx, p)
	if err != nil {
		return err
	}
	return a.write(d)
}

func (a *app) deliver(ctx context.Context, p *api.DeliverParams) (fob.Delivery, error) {
	var d fob.Delivery
	err := a.call(ctx, api.Deliver, &p.Caller, p, &d)
	if err == nil && d.Warning != "" {
		a.tell("warning: " + d.Warning)
	}
	return d, err
}

// write prints what was delivered, with one write: all of it or an error, which
// [output.judge] puts into words as for all commands.
func (a *app) write(d fob.Delivery) error {
	_, err := a.Out.Write([]byte(d.Stdout))
	return err
}
