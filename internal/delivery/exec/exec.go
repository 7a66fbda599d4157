// Package exec is the way of starting a program with credentials.
package exec

import (
	"context"
	"fmt"

	"fob/internal/delivery"
	"fob/internal/fob"
)

// Way returns the way.
func Way() delivery.Way {
	return delivery.Way{Name: "exec", Doc: "the environment of a program to start", Chosen: true, Hand: delivery.Hand(hand)}
}

const ownKeys = "the program gets the user's own long-lived keys, not a session"

type options struct {
	// Mode is "profile" or empty (the child gets AWS_PROFILE and renews through
	// credential_process for ever), "env" (the child gets static variables), "endpoint"
	// (the child is served by an endpoint, which adds where that is) or "shell" (as
	// profile, for a shell that goes on).
	Mode string `option:"mode"`
}

// Needs is what the way needs of the agent.
type Needs interface {
	// Lineage says what AWS would take credentials for that were narrowed so; it fails
	// where there could be none.
	Lineage(n fob.Narrow) (fob.Lineage, error)
	Exe() string      // absolute path of fob, for credential_process
	Paths() fob.Paths // the user's AWS files
	Home() fob.Home   // fob's own directories
}

// granted is a grant with what the agent offers.
type granted struct {
	delivery.Grant
	Needs
}

func hand(ctx context.Context, grant delivery.Grant, o options) (fob.Delivery, error) {
	agent, err := delivery.From[Needs](grant)
	if err != nil {
		return fob.Delivery{}, err
	}
	g := granted{grant, agent}
	switch o.Mode {
	case "", "profile", "endpoint", "env":
	case "shell":
		// Nothing is retrieved for a shell: it may be hours until its first command
		// for AWS, and that one asks.
		if _, err := g.Lineage(g.Narrow); err != nil {
			return fob.Delivery{}, err
		}
		return throughProfile(g, false)
	default:
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "fob exec has no mode %q", o.Mode)
	}
	// Retrieved first in the other modes: who has to type an MFA code does so before
	// the program starts, and a refusal is ours to explain, not the program's.
	c, err := g.Credentials(ctx)
	if err != nil {
		return fob.Delivery{}, err
	}
	switch o.Mode {
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
	}
	d, err := throughProfile(g, c.LongLived())
	if err == nil && c.LongLived() {
		d.Warning = ownKeys
	}
	return d, err
}
