package frontend

import (
	"context"
	"errors"
	"strings"

	"fob/internal/api"
	"fob/internal/fob"
)

// Call asks the agent, starting or replacing it where that is needed. caller
// points into params, for Call to fill in.
func (a *App) Call(ctx context.Context, method any, caller *api.Caller, params, result any) error {
	paths, err := fob.PathsFrom(a.Getenv)
	if err != nil {
		return err
	}
	caller.Version, caller.Paths, a.asked = a.Version, paths, false
	for replaced, lost := false, 0; ; {
		if a.client == nil {
			if err := a.connect(); err != nil {
				return err
			}
		}
		a.client.Caller = *caller
		err := a.client.Call(ctx, method, params, result)
		switch {
		case errors.Is(err, fob.ErrVersion) && !a.Alone() && !replaced:
			replaced = true
			err := api.Replace(ctx, a.client, err)
			a.client = nil
			if err != nil {
				return err
			}
		case api.IsLost(err) && harmless(method) && lost < 2: // one agent may end, and the next one be replaced
			lost++
			a.Leave()
			if a.asked { // whoever sees the same question again wonders what was wrong
				a.Tell("the agent ended; asking again")
				a.asked = false
			}
		default:
			return err
		}
	}
}

// Leave ends the connection to the agent, if there is one.
func (a *App) Leave() {
	if a.client != nil {
		_ = a.client.Close()
		a.client = nil
	}
}

// harmless methods can be asked again when the agent ended in the middle.
func harmless(method any) bool {
	switch method {
	case api.Deliver, api.List, api.Show, api.Choices, api.Complete, api.WhoAmI, api.Kinds, api.Status, api.VaultStatus:
		return true
	}
	return false
}

// Alone reports whether the person wants no agent to stay.
func (a *App) Alone() bool {
	switch strings.ToLower(a.Getenv("FOB_AGENT")) {
	case "off", "0", "false", "no":
		return true
	}
	return false
}

func (a *App) connect() error {
	home, err := fob.HomeFrom(a.Getenv)
	if err != nil {
		return err
	}
	a.client, err = api.Open(home, a.Environ, a.Alone(), api.Caller{}, a.UI())
	return err
}

// Deliver asks the agent to deliver, and says what it warns of.
func (a *App) Deliver(ctx context.Context, p *api.DeliverParams) (fob.Delivery, error) {
	var d fob.Delivery
	err := a.Call(ctx, api.Deliver, &p.Caller, p, &d)
	if err == nil && d.Warning != "" {
		a.Tell("warning: " + d.Warning)
	}
	return d, err
}

// Write prints what was delivered, with one write: all of it or an error, which
// [output.judge] puts into words as for all commands.
func (a *App) Write(d fob.Delivery) error {
	_, err := a.Out.Write([]byte(d.Stdout))
	return err
}
