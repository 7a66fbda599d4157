// Package signin has the commands for sign-ins: login, logout and sync.
package signin

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/frontend"
)

// loginOptions are the flags of fob login.
type loginOptions struct {
	params      api.LoginParams
	share, json bool
}

// NewLogin makes fob login.
func NewLogin(a *command.App) *cobra.Command {
	o := &loginOptions{}
	c := a.OneName(command.New("login", func(cmd *cobra.Command, args []string) error {
		o.params.Name, a.SigningIn = args[0], true
		return o.run(cmd.Context(), a)
	}))
	f := c.Flags()
	f.BoolVar(&o.params.DeviceCode, "device-code", false, "sign in with a code, in a browser on any machine")
	f.BoolVar(&a.NoBrowser, "no-browser", false, "print the page's address instead of opening it")
	f.BoolVar(&o.share, "write-sso-cache", false, "also write the sign-in where the AWS CLI and SDKs look for it, in clear")
	f.BoolVar(&o.params.Force, "force", false, "sign in anew, even if signed in")
	command.JSONFlag(c, &o.json)
	return c
}

func (o *loginOptions) run(ctx context.Context, a *command.App) error {
	if o.share {
		a.Tell("warning: the sign-in will be in a file in clear, for every program of yours to read")
		o.params.Share = a.SharedSignIns()
	}
	s, err := frontend.Call(ctx, a.App, api.Login, o.params)
	if err != nil {
		return err
	}
	if o.json {
		return a.PrintJSON(s)
	}
	a.Tell("signed in to " + s.Session + " for " + command.Left(&s.Expiration, time.Now()) + ", and renewed after that where AWS allows")
	return nil
}

// NewLogout makes fob logout.
func NewLogout(a *command.App) *cobra.Command {
	return a.OneName(command.New("logout", func(cmd *cobra.Command, args []string) error {
		_, err := frontend.Call(cmd.Context(), a.App, api.Logout, api.NameParams{Name: args[0]})
		return err
	}))
}
