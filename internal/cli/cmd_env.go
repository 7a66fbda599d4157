//go:build !heartbeat

package cli

import (
	"github.com/spf13/cobra"

	"fob/internal/api"
)

func (a *app) newEnv() *cobra.Command {
	p := &api.DeliverParams{Way: "env"}
	var format string
	c := a.oneName(a.command("env", func(cmd *cobra.Command, args []string) error {
		p.Name, p.Options = args[0], map[string]string{"format": format}
		d, err := a.deliver(cmd.Context(), p)
		if err != nil {
			return err
		}
		return a.write(d)
	}))
	c.Flags().StringVar(&format, "format", "posix", "`FORMAT` of the variables: posix, fish, powershell, cmd, dotenv or json")
	noSessionFlag(c, &p.NoSession)
	narrowFlags(c, &p.Narrow)
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(
		[]string{"posix", "fish", "powershell", "cmd", "dotenv", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}
