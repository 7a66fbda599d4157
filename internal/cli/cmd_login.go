//go:build !heartbeat

package cli

import (
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"fob/internal/api"
)

func (a *app) newLogin() *cobra.Command {
	var p api.LoginParams
	var asJSON, share bool
	c := a.oneName(a.command("login", func(cmd *cobra.Command, args []string) error {
		p.Name, a.signingIn = args[0], true
		p.Caller.Bus = a.bus() // a first sign-in makes the vault
		if share {
			a.tell("warning: the sign-in will be in a file in clear, for every program of yours to read")
			p.Share = a.sharedSignIns()
		}
		var s api.SignIn
		if err := a.call(cmd.Context(), api.Login, &p.Caller, &p, &s); err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(s)
		}
		a.tell("signed in to " + s.Session + " for " + left(&s.Expiration, time.Now()) + ", and renewed after that where AWS allows")
		return nil
	}))
	c.Flags().BoolVar(&p.DeviceCode, "device-code", false, "sign in with a code, in a browser on any machine")
	c.Flags().BoolVar(&a.noBrowser, "no-browser", false, "print the page's address instead of opening it")
	c.Flags().BoolVar(&share, "write-sso-cache", false, "also write the sign-in where the AWS CLI and SDKs look for it, in clear")
	c.Flags().BoolVar(&p.Force, "force", false, "sign in anew, even if signed in")
	jsonFlag(c, &asJSON)
	return c
}

// sharedSignIns is the directory in which the AWS CLI and SDKs keep sign-ins.
func (a *app) sharedSignIns() string {
	home := a.getenv("HOME")
	if home == "" {
		home = a.getenv("USERPROFILE")
	}
	return filepath.Join(home, ".aws", "sso", "cache")
}

func (a *app) newLogout() *cobra.Command {
	return a.oneName(a.command("logout", func(cmd *cobra.Command, args []string) error {
		p := api.NameParams{Name: args[0]}
		return a.call(cmd.Context(), api.Logout, &p.Caller, &p, nil)
	}))
}
