package define

import (
	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/frontend"
)

// NewGenerate makes fob generate.
func NewGenerate(a *command.App) *cobra.Command {
	var p api.GenerateParams
	var asJSON bool
	c := a.OneName(command.New("generate", func(cmd *cobra.Command, args []string) error {
		p.Session = args[0]
		result, err := frontend.Call(cmd.Context(), a.App, api.Generate, p)
		if err != nil {
			return err
		}
		if asJSON {
			return a.PrintJSON(result)
		}
		return moved(a, "generate", p.DryRun, result)
	}))
	c.Flags().StringVar(&p.Filter, "filter", "", "only roles that have all these `WORDS` in account, email or role")
	c.Flags().StringVar(&p.Template, "name", "", "`TEMPLATE` of the names: AccountName, AccountId, Email, RoleName, SessionName (default {{.AccountName}}-{{.RoleName}})")
	c.Flags().StringVar(&p.Region, "region", "", "`REGION` of sections that have none")
	c.Flags().BoolVar(&p.Prune, "prune", false, "remove generated sections that are not wanted any more")
	c.Flags().BoolVar(&p.DryRun, "dry-run", false, "show the changes and make none")
	command.JSONFlag(c, &asJSON)
	return c
}
