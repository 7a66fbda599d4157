//go:build !heartbeat

package cli

import (
	"time"

	"github.com/spf13/cobra"

	"fob/internal/api"
)

func (a *app) newWhoAmI() *cobra.Command {
	var asJSON bool
	c := a.oneName(a.command("whoami", func(cmd *cobra.Command, args []string) error {
		p := api.NameParams{Name: args[0]}
		var id api.Identity
		if err := a.call(cmd.Context(), api.WhoAmI, &p.Caller, &p, &id); err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(id)
		}
		rows := [][]string{{"arn", id.ARN}, {"account", id.Account}, {"user id", id.UserID}}
		if id.Expiration != nil {
			rows = append(rows, []string{"expires in", left(id.Expiration, time.Now())})
		}
		return a.printTable(rows)
	}))
	jsonFlag(c, &asJSON)
	return c
}
