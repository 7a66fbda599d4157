package deliver

import (
	"time"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/frontend"
)

// NewWhoAmI makes fob whoami.
func NewWhoAmI(a *command.App) *cobra.Command {
	var asJSON bool
	c := a.OneName(command.New("whoami", func(cmd *cobra.Command, args []string) error {
		id, err := frontend.Call(cmd.Context(), a.App, api.WhoAmI, api.NameParams{Name: args[0]})
		if err != nil {
			return err
		}
		if asJSON {
			return a.PrintJSON(id)
		}
		rows := [][]string{{"arn", id.ARN}, {"account", id.Account}, {"user id", id.UserID}}
		if id.Expiration != nil {
			rows = append(rows, []string{"expires in", command.Left(id.Expiration, time.Now())})
		}
		return a.PrintTable(rows)
	}))
	command.JSONFlag(c, &asJSON)
	return c
}
