package frontend

import (
	"context"
	"errors"
	"strings"
	"time"

	"fob/internal/api"
	"fob/internal/fob"
)

// Call sends a request to the agent and returns its answer. It starts the agent if none runs,
// and replaces one of an older protocol; a request without side effects is sent again if the
// agent ends before it answers.
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
		case api.IsLost(err) && harmless && lost < 2: // twice, because the next agent may be replaced just then
			lost++
			a.Leave()
			if a.asked { // else it looks as if the answer had been wrong
				a.Tell("the agent ended; asking again")
				a.asked = false
			}
		default:
			return err
		}
	}
}

// Leave closes the connection to the agent, if there is one.
func (a *App) Leave() {
	if a.client != nil {
		_ = a.client.Close()
		a.client = nil
	}
}

// harmless reports whether a method has no side effects, so that it can be called again if
// the agent ended before it answered.
func harmless(method string) bool {
	switch method {
	case string(api.Deliver), string(api.List), string(api.Show), string(api.Choices), string(api.Roles), string(api.Complete),
		string(api.WhoAmI), string(api.Kinds), string(api.VaultStatus):
		return true
	}
	return false
}

// Alone reports whether FOB_AGENT=off: each command has an agent of its own then.
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

// Running connects to a running agent, for requests about the agent itself; [api.ErrNoAgent]
// if none runs.
func (a *App) Running(home fob.Home) (*api.Client, error) {
	caller, _ := a.caller() // fails without HOME, but an agent may run all the same
	return api.Running(home, caller, a.UI())
}

// Glance is [App.Running] with a time limit for the connection and for the answer.
func (a *App) Glance(home fob.Home, limit time.Duration) (*api.Client, error) {
	caller, err := a.caller()
	if err != nil {
		return nil, err
	}
	return api.Glance(home, limit, caller)
}

// caller returns what is sent with every request.
func (a *App) caller() (c api.Caller, err error) {
	c = a.Caller
	c.Version, c.Environment = a.Version, fob.EnvironmentFrom(a.Environ)
	c.CalledFor = a.Getenv(fob.CalledFor)
	c.Paths, err = fob.PathsFrom(a.Getenv)
	return c, err
}

// Deliver asks the agent for credentials in the form of a delivery, and prints its warning.
func (a *App) Deliver(ctx context.Context, p *api.DeliverParams) (fob.Delivery, error) {
	d, err := Call(ctx, a, api.Deliver, *p)
	if err == nil && d.Warning != "" {
		a.Tell("warning: " + d.Warning)
	}
	return d, err
}

// Write prints a delivery's standard output with one system call, so that a reader gets all of
// it or an error.
func (a *App) Write(d fob.Delivery) error {
	_, err := a.Out.Write([]byte(d.Stdout))
	return err
}
