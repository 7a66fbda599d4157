// Package exec starts a program with credentials.
package exec

import (
	"context"
	"fmt"

	"fob/internal/delivery"
	"fob/internal/fob"
)

// Way returns the delivery "exec".
func Way() delivery.Way {
	return delivery.Way{Name: "exec", Doc: "the environment of a program to start", Chosen: true, Hand: delivery.Hand(hand)}
}

const ownKeys = "the program gets the user's own long-lived keys, not a session"

type options struct {
	// Mode is "profile" or empty: the child gets AWS_PROFILE, and its SDK gets credentials, also
	// later ones, by credential_process; "env": the child gets static variables; "endpoint": an
	// endpoint serves the child and adds its URL; "shell": like profile, for the current shell.
	Mode string `option:"mode"`
}

// Needs is what this delivery needs of the agent.
type Needs interface {
	// Lineage tells which kind of AWS session credentials narrowed by n would be; it fails where
	// there could be none.
	Lineage(n fob.Narrow) (fob.Lineage, error)
	Exe() string      // absolute path of fob, for credential_process
	Paths() fob.Paths // the user's AWS files
	Home() fob.Home   // fob's own directories
}

// granted is a grant, and what the agent offers for it.
type granted struct {
	delivery.Grant
	Needs
}

// hand delivers. Older SDKs (Go v1, JavaScript v2) read the config file, and with it the
// profile's region and credential_process, only if AWS_SDK_LOAD_CONFIG is set.
func hand(ctx context.Context, grant delivery.Grant, o options) (fob.Delivery, error) {
	d, err := inMode(ctx, grant, o)
	if err == nil {
		d.Set["AWS_SDK_LOAD_CONFIG"] = "1"
	}
	return d, err
}

func inMode(ctx context.Context, grant delivery.Grant, o options) (fob.Delivery, error) {
	agent, err := delivery.From[Needs](grant)
	if err != nil {
		return fob.Delivery{}, err
	}
	g := granted{grant, agent}
	switch o.Mode {
	case "", "profile", "endpoint", "env":
	case "shell":
		// For a shell nothing is retrieved now: its first AWS command may come hours later, and
		// asks then.
		if _, err := g.Lineage(g.Narrow); err != nil {
			return fob.Delivery{}, err
		}
		return throughProfile(g, false)
	default:
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "fob exec has no mode %q", o.Mode)
	}
	// In the other modes credentials are retrieved first, so that an MFA code is asked for before
	// the program starts, and a refusal is explained by fob and not by the program.
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
