package deliver

import (
	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
)

// NewEnv makes fob env.
func NewEnv(a *command.App) *cobra.Command {
	p := &api.DeliverParams{Way: "env"}
	var format string
	c := a.OneName(command.New("env", func(cmd *cobra.Command, args []string) error {
		p.Name, p.Options = args[0], map[string]string{"format": format}
		d, err := a.Deliver(cmd.Context(), p)
		if err != nil {
			return err
		}
		return a.Write(d)
	}))
	c.Flags().StringVar(&format, "format", "posix", "`FORMAT` of the variables: posix, fish, powershell, cmd, dotenv or json")
	command.NoSessionFlag(c, &p.NoSession)
	command.NarrowFlags(c, &p.Narrow)
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(
		[]string{"posix", "fish", "powershell", "cmd", "dotenv", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}
