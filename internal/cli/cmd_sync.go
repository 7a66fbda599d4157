//go:build !heartbeat

package cli

import (
	"cmp"
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
		var first error
		for _, name := range names {
			p := api.NameParams{Name: name}
			var r api.SyncResult
			err := a.call(cmd.Context(), api.Sync, &p.Caller, &p, &r)
			switch {
			case err != nil && (len(names) == 1 || cmd.Context().Err() != nil):
				return err
			case err != nil: // the others are found all the same
				a.complain(err)
				first = cmp.Or(first, err)
			case asJSON:
				results = append(results, r)
			default:
				a.synced(r)
			}
		}
		if asJSON {
			if err := a.printJSON(results); err != nil {
				return err
			}
		}
		if first != nil {
			return exitStatus(fob.OutcomeOf(first).Code)
		}
		return nil
	})
	c.Args = cobra.ArbitraryArgs
	c.ValidArgsFunction = a.names
	jsonFlag(c, &asJSON)
	return c
}

// complain prints an error that does not end the command.
func (a *app) complain(err error) {
	a.tell(err.Error())
	if hint := fob.HintOf(err); hint != "" {
		fmt.Fprintf(a.Err, "hint: %s\n", clean(hint))
	}
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
		if r.Section != "" {
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
