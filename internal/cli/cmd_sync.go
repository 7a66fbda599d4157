//go:build !heartbeat

package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/fob"
)

func (a *app) newSync() *cobra.Command {
	var asJSON bool
	c := a.command("sync", func(cmd *cobra.Command, args []string) error {
		names, err := a.sessionNames(cmd, args)
		if err != nil {
			return err
		}
		results := []api.SyncResult{}
		for _, name := range names {
			p := api.NameParams{Name: name}
			var r api.SyncResult
			if err := a.call(cmd.Context(), api.Sync, &p.Caller, &p, &r); err != nil {
				return err
			}
			results = append(results, r)
		}
		if asJSON {
			return a.printJSON(results)
		}
		for _, r := range results {
			a.synced(r)
		}
		return nil
	})
	c.Args = cobra.ArbitraryArgs
	c.ValidArgsFunction = a.names
	jsonFlag(c, &asJSON)
	return c
}

// sessionNames are the sign-ins that were named, else all.
func (a *app) sessionNames(cmd *cobra.Command, args []string) ([]string, error) {
	if len(args) > 0 {
		return args, nil
	}
	var rows []api.Row
	p := api.ListParams{}
	if err := a.call(cmd.Context(), api.List, &p.Caller, &p, &rows); err != nil {
		return nil, err
	}
	var names []string
	for _, r := range rows {
		if r.Kind == "sso-session" {
			names = append(names, r.Name)
		}
	}
	if len(names) == 0 {
		return nil, fob.Errorf(fob.ErrNotFound, "there is no sign-in to search").WithHint("fob add sso NAME --start-url URL --region REGION")
	}
	return names, nil
}

// maxShown keeps the summary of a first search readable.
const maxShown = 20

func (a *app) synced(r api.SyncResult) {
	a.printf("%s: %d accounts, %d roles\n", clean(r.Session), r.Accounts, r.Roles)
	for _, part := range []struct {
		sign  string
		names []string
	}{{"+", r.Appeared}, {"-", r.Gone}, {"~", r.Renamed}} {
		for i, name := range part.names {
			if i == maxShown {
				a.printf("%s … and %d more\n", part.sign, len(part.names)-maxShown)
				break
			}
			fmt.Fprintf(a.Out, "%s %s\n", part.sign, clean(name))
		}
	}
}
