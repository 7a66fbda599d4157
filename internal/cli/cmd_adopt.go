//go:build !heartbeat

package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/fob"
)

func (a *app) newAdopt() *cobra.Command {
	c := a.newMove("adopt", api.Adopt)
	c.Args = cobra.ArbitraryArgs
	return c
}

func (a *app) newRelease() *cobra.Command {
	c := a.newMove("release", api.Release)
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fob.Errorf(fob.ErrUsage, "fob release takes the names of profiles").WithHint("%s; fob list shows the names", cmd.UseLine())
		}
		return nil
	}
	return c
}

// newMove is adopt and its inverse, which differ in direction only.
func (a *app) newMove(verb string, method api.Method[api.MoveParams, api.MoveResult]) *cobra.Command {
	var p api.MoveParams
	var asJSON bool
	c := a.command(verb, func(cmd *cobra.Command, args []string) error {
		p.Names, p.Caller.Exe, p.Shared = args, a.exe(), a.sharedSignIns()
		p.Caller.Bus = a.bus() // a first adoption makes the vault
		var result api.MoveResult
		if err := a.call(cmd.Context(), method, &p.Caller, &p, &result); err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(result)
		}
		return a.moved(verb, p.DryRun, result)
	})
	c.ValidArgsFunction = a.names
	c.Flags().BoolVar(&p.DryRun, "dry-run", false, "show the changes and make none")
	jsonFlag(c, &asJSON)
	return c
}

func (a *app) moved(verb string, dryRun bool, result api.MoveResult) error {
	if dryRun {
		for line := range strings.Lines(result.Diff) {
			a.printf("%s\n", clean(strings.TrimSuffix(line, "\n")))
		}
	}
	for _, m := range result.Moved {
		switch {
		case m.Skipped != "":
			a.tell(m.Name + ": left alone, " + m.Skipped)
		case result.Done && m.Note == "removed":
			a.tell("removed " + m.Name)
		case result.Done:
			a.tell(strings.TrimSuffix(verb, "e") + "ed " + m.Name + suffix(m.Note))
		}
	}
	if !result.Done && result.Diff == "" {
		a.tell("nothing to " + verb)
	}
	return nil
}

func suffix(note string) string {
	if note == "" {
		return ""
	}
	return " (" + note + ")"
}
