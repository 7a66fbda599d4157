// Package deliver has the commands that hand credentials to programs: credentials, session
// generate, exec, env, serve, write, and whoami.
package deliver

import (
	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/hotpath"
)

// NewCredentials makes fob credentials.
func NewCredentials(a *command.App) *cobra.Command {
	p := &api.DeliverParams{}
	c := a.OneName(command.New("credentials", func(cmd *cobra.Command, args []string) error {
		p.Name = args[0]
		return hotpath.Credentials(cmd.Context(), a.App, p)
	}))
	c.Annotations = map[string]string{"one-line-errors": "yes"}
	command.NoSessionFlag(c, &p.NoSession)
	command.NarrowFlags(c, &p.Narrow)
	return c
}

// NewSession makes fob session generate: the command line that Leapp has written into
// config files, where fob may be installed under Leapp's name.
func NewSession(a *command.App) *cobra.Command {
	generate := a.OneName(command.New("session generate", func(cmd *cobra.Command, args []string) error {
		return hotpath.Credentials(cmd.Context(), a.App, &api.DeliverParams{Name: args[0]})
	}))
	generate.Annotations = map[string]string{"one-line-errors": "yes"}
	return command.Group("session", generate)
}
