package signin

import (
	"time"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/frontend"
)

// NewLogin makes fob login.
func NewLogin(a *command.App) *cobra.Command {
	var p api.LoginParams
	var asJSON, share bool
	c := a.OneName(command.New("login", func(cmd *cobra.Command, args []string) error {
		p.Name, a.SigningIn = args[0], true
		if share {
			a.Tell("warning: the sign-in will be in a file in clear, for every program of yours to read")
			p.Share = a.SharedSignIns()
		}
		s, err := frontend.Call(cmd.Context(), a.App, api.Login, p)
		if err != nil {
			return err
		}
		if asJSON {
			return a.PrintJSON(s)
		}
		a.Tell("signed in to " + s.Session + " for " + command.Left(&s.Expiration, time.Now()) + ", and renewed after that where AWS allows")
		return nil
	}))
	c.Flags().BoolVar(&p.DeviceCode, "device-code", false, "sign in with a code, in a browser on any machine")
	c.Flags().BoolVar(&a.NoBrowser, "no-browser", false, "print the page's address instead of opening it")
	c.Flags().BoolVar(&share, "write-sso-cache", false, "also write the sign-in where the AWS CLI and SDKs look for it, in clear")
	c.Flags().BoolVar(&p.Force, "force", false, "sign in anew, even if signed in")
	command.JSONFlag(c, &asJSON)
	return c
}

// NewLogout makes fob logout.
func NewLogout(a *command.App) *cobra.Command {
	return a.OneName(command.New("logout", func(cmd *cobra.Command, args []string) error {
		_, err := frontend.Call(cmd.Context(), a.App, api.Logout, api.NameParams{Name: args[0]})
		return err
	}))
}
