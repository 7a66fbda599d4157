//go:build !heartbeat

package cli

import (
	"github.com/spf13/cobra"

	"fob/internal/api"
)

func (a *app) newCredentials() *cobra.Command {
	p := &api.DeliverParams{}
	c := a.oneName(a.command("credentials", func(cmd *cobra.Command, args []string) error {
		p.Name = args[0]
		return a.credentials(cmd.Context(), p)
	}))
	c.Annotations = map[string]string{"one-line-errors": "yes"}
	noSessionFlag(c, &p.NoSession)
	narrowFlags(c, &p.Narrow)
	return c
}

// newSession is the command line that Leapp wrote into config files.
func (a *app) newSession() *cobra.Command {
	generate := a.oneName(a.command("session generate", func(cmd *cobra.Command, args []string) error {
		return a.credentials(cmd.Context(), &api.DeliverParams{Name: args[0]})
	}))
	generate.Annotations = map[string]string{"one-line-errors": "yes"}
	return a.group("session", generate)
}

func noSessionFlag(c *cobra.Command, p *bool) {
	c.Flags().BoolVar(p, "no-session", false, "use the user's own keys, not a session made from them")
}
