// Package exec is the way of starting a program with credentials.
package exec

import (
	"context"
	"fmt"

	"fob/internal/delivery"
	"fob/internal/fob"
)

// Way returns the way. Option "mode" is "profile" (the default: the child gets
// AWS_PROFILE and renews through credential_process for ever), "env" (the child
// gets static variables), "endpoint" (the child is served by an endpoint, which adds
// where that is) or "shell" (as profile, for a shell that goes on).
func Way() delivery.Way {
	return delivery.Way{Name: "exec", Doc: "the environment of a program to start", Chosen: true, Hand: hand}
}

const ownKeys = "the program gets the user's own long-lived keys, not a session"

func hand(ctx context.Context, g delivery.Grant) (fob.Delivery, error) {
	if g.Options["mode"] == "shell" {
		// Nothing is retrieved for a shell: it may be hours until its first command
		// for AWS, and that one asks.
		if _, err := g.Lineage(g.Narrow); err != nil {
			return fob.Delivery{}, err
		}
		return throughProfile(g, false)
	}
	// Retrieved first in the other modes: who has to type an MFA code does so before
	// the program starts, and a refusal is ours to explain, not the program's.
	c, err := g.Credentials(ctx)
	if err != nil {
		return fob.Delivery{}, err
	}
	switch mode := g.Options["mode"]; mode {
	case "", "profile":
		d, err := throughProfile(g, c.LongLived())
		if err == nil && c.LongLived() {
			d.Warning = ownKeys
		}
		return d, err
	case "endpoint":
		return throughEndpoint(g)
	case "env":
		set, unset := delivery.Static(c, g.Profile)
		d := fob.Delivery{Set: set, Unset: unset}
		switch {
		case c.LongLived():
			d.Warning = ownKeys
		case !c.Expiration.IsZero():
			d.Warning = fmt.Sprintf("these variables stop working at %s; without --env, credentials renew themselves", c.Expiration.Local().Format("15:04"))
		}
		return d, nil
	default:
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "fob exec has no mode %q", mode)
	}
}
