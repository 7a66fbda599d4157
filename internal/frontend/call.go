package frontend

import (
	"context"
	"errors"
	"strings"
	"time"

	"fob/internal/api"
	"fob/internal/fob"
)

// Call asks the agent, starting or replacing it where that is needed.
func Call[P, R any](ctx context.Context, a *App, m api.Method[P, R], params P) (result R, err error) {
	err = a.call(ctx, harmless(string(m)), func(c *api.Client) (err error) {
		result, err = api.Call(ctx, c, m, params)
		return err
	})
	return result, err
}

func (a *App) call(ctx context.Context, harmless bool, ask func(*api.Client) error) error {
	a.asked = false
	for replaced, lost := false, 0; ; {
		if a.client == nil {
			if err := a.connect(); err != nil {
				return err
			}
		}
		err := ask(a.client)
		switch {
		case errors.Is(err, fob.ErrVersion) && !a.Alone() && !replaced:
			replaced = true
			err := api.Replace(ctx, a.client, err)
			a.client = nil
			if err != nil {
				return err
			}
		case api.IsLost(err) && harmless && lost < 2: // one agent may end, and the next one be replaced
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
func harmless(method string) bool {
	switch method {
	case string(api.Deliver), string(api.List), string(api.Show), string(api.Choices), string(api.Roles), string(api.Complete),
		string(api.WhoAmI), string(api.Kinds), string(api.VaultStatus):
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
	caller, err := a.caller()
	if err != nil {
		return err
	}
	a.client, err = api.Open(home, a.Environ, a.Alone(), caller, a.UI())
	return err
}

// Running connects to the agent that is running, for questions about the agent itself;
// else [api.ErrNoAgent].
func (a *App) Running(home fob.Home) (*api.Client, error) {
	caller, _ := a.caller() // without HOME there are no AWS files, and an agent still
	return api.Running(home, caller, a.UI())
}

// Glance is Running for a question that must not hold anybody up for longer than limit.
func (a *App) Glance(home fob.Home, limit time.Duration) (*api.Client, error) {
	caller, err := a.caller()
	if err != nil {
		return nil, err
	}
	return api.Glance(home, limit, caller)
}

// caller is what goes with every request.
func (a *App) caller() (c api.Caller, err error) {
	c = a.Caller
	c.Version = a.Version
	c.Paths, err = fob.PathsFrom(a.Getenv)
	return c, err
}

// Deliver asks the agent to deliver, and says what it warns of.
func (a *App) Deliver(ctx context.Context, p *api.DeliverParams) (fob.Delivery, error) {
	d, err := Call(ctx, a, api.Deliver, *p)
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
