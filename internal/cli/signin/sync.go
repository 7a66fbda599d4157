package signin

import (
	"cmp"
	"context"
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
	c := command.New("sync", func(cmd *cobra.Command, args []string) error { return syncAll(cmd.Context(), a, args, asJSON) })
	c.Args = cobra.ArbitraryArgs
	c.ValidArgsFunction = a.Names
	command.JSONFlag(c, &asJSON)
	return c
}

// syncAll searches the sign-ins that are named, else all. If one of several fails, the
// others are searched all the same, and the exit code is that of the first failure.
func syncAll(ctx context.Context, a *command.App, names []string, asJSON bool) error {
	if len(names) == 0 {
		var err error
		if names, err = signIns(ctx, a); err != nil {
			return err
		}
	}
	results := []api.SyncResult{}
	var first error
	for _, name := range names {
		r, err := frontend.Call(ctx, a.App, api.Sync, api.NameParams{Name: name})
		switch {
		case err != nil && (len(names) == 1 || ctx.Err() != nil):
			return err
		case err != nil:
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
}

// complain prints an error after which the command continues.
func complain(a *command.App, err error) {
	a.Tell(err.Error())
	if hint := fob.HintOf(err); hint != "" {
		fmt.Fprintf(a.Err, "hint: %s\n", terminal.Clean(hint))
	}
}

// signIns returns the names of all sign-ins.
func signIns(ctx context.Context, a *command.App) ([]string, error) {
	rows, err := frontend.Call(ctx, a.App, api.List, api.ListParams{})
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
