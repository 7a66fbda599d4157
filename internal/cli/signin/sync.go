package signin

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/child"
	"fob/internal/cli/command"
	"fob/internal/fob"
	"fob/internal/frontend"
	"fob/internal/terminal"
)

// NewSync makes fob sync.
func NewSync(a *command.App) *cobra.Command {
	var asJSON bool
	c := command.New("sync", func(cmd *cobra.Command, args []string) error {
		names, err := sessionNames(a, cmd, args)
		if err != nil {
			return err
		}
		results := []api.SyncResult{}
		var first error
		for _, name := range names {
			r, err := frontend.Call(cmd.Context(), a.App, api.Sync, api.NameParams{Name: name})
			switch {
			case err != nil && (len(names) == 1 || cmd.Context().Err() != nil):
				return err
			case err != nil: // continue with the other sign-ins
				complain(a, err)
				first = cmp.Or(first, err)
			case asJSON:
				results = append(results, r)
			default:
				synced(a, r)
			}
		}
		if asJSON {
			if err := a.PrintJSON(results); err != nil {
				return err
			}
		}
		if first != nil {
			return child.ExitStatus(fob.OutcomeOf(first).Code)
		}
		return nil
	})
	c.Args = cobra.ArbitraryArgs
	c.ValidArgsFunction = a.Names
	command.JSONFlag(c, &asJSON)
	return c
}

// complain prints an error after which the command continues.
func complain(a *command.App, err error) {
	a.Tell(err.Error())
	if hint := fob.HintOf(err); hint != "" {
		fmt.Fprintf(a.Err, "hint: %s\n", terminal.Clean(hint))
	}
}

// sessionNames returns the sign-ins on the command line, else all.
func sessionNames(a *command.App, cmd *cobra.Command, args []string) ([]string, error) {
	if len(args) > 0 {
		return args, nil
	}
	rows, err := frontend.Call(cmd.Context(), a.App, api.List, api.ListParams{})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range rows {
		if r.Section != "" {
			names = append(names, r.Name)
		}
	}
	if len(names) == 0 {
		return nil, fob.Errorf(fob.ErrNotFound, "there is no sign-in to search").WithHint("fob add --help shows which kinds there are")
	}
	return names, nil
}

// maxShown is how many roles of each sort the summary shows: the first search of a large
// organization finds thousands.
const maxShown = 20

func synced(a *command.App, r api.SyncResult) {
	a.Printf("%s: %d accounts, %d roles\n", terminal.Clean(r.Session), r.Accounts, r.Roles)
	for _, part := range []struct {
		sign  string
		names []string
	}{{"+", r.Appeared}, {"-", r.Gone}, {"~", r.Renamed}} {
		for i, name := range part.names {
			if i == maxShown {
				a.Printf("%s … and %d more\n", part.sign, len(part.names)-maxShown)
				break
			}
			fmt.Fprintf(a.Out, "%s %s\n", part.sign, terminal.Clean(name))
		}
	}
}
