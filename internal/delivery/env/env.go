// Package env delivers credentials as variables, for a shell to evaluate or for an env file.
package env

import (
	"context"

	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/shell"
)

// Way returns the delivery "env". The option "format" is one of [shell.Formats].
func Way() delivery.Way {
	return delivery.Way{Name: "env", Doc: "environment variables for a shell", Hand: delivery.Hand(hand)}
}

type options struct {
	Format string `option:"format"`
}

func hand(ctx context.Context, g delivery.Grant, o options) (fob.Delivery, error) {
	if _, err := shell.Variables(o.Format, nil, nil); err != nil {
		return fob.Delivery{}, err
	}
	c, err := g.Credentials(ctx)
	if err != nil {
		return fob.Delivery{}, err
	}
	set, unset := delivery.Static(c, g.Profile)
	text, err := shell.Variables(o.Format, set, unset)
	if err != nil {
		return fob.Delivery{}, err
	}
	d := fob.Delivery{Stdout: text}
	if c.LongLived() {
		d.Warning = "these are the user's own long-lived keys, not a session"
	}
	return d, nil
}
