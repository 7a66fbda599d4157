// Package env is the way of variables that a shell or a file takes.
package env

import (
	"context"

	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/shell"
)

// Way returns the way. Option "format" is one of [shell.Formats].
func Way() delivery.Way {
	return delivery.Way{Name: "env", Doc: "environment variables for a shell", Hand: hand}
}

func hand(ctx context.Context, g delivery.Grant) (fob.Delivery, error) {
	format := g.Options["format"]
	if _, err := shell.Variables(format, nil, nil); err != nil {
		return fob.Delivery{}, err
	}
	c, err := g.Credentials(ctx)
	if err != nil {
		return fob.Delivery{}, err
	}
	set, unset := delivery.Static(c, g.Profile)
	text, err := shell.Variables(format, set, unset)
	if err != nil {
		return fob.Delivery{}, err
	}
	d := fob.Delivery{Stdout: text}
	if c.LongLived() {
		d.Warning = "these are the user's own long-lived keys, not a session"
	}
	return d, nil
}
