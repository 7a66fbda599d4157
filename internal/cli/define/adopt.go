package define

import (
	"strings"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/fob"
	"fob/internal/frontend"
	"fob/internal/terminal"
)

// NewAdopt makes fob adopt.
func NewAdopt(a *command.App) *cobra.Command {
	c := newMove(a, "adopt", api.Adopt)
	c.Args = cobra.ArbitraryArgs
	return c
}

// NewRelease makes fob release.
func NewRelease(a *command.App) *cobra.Command {
	c := newMove(a, "release", api.Release)
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fob.Errorf(fob.ErrUsage, "fob release takes the names of profiles").WithHint("%s; fob list shows the names", cmd.UseLine())
		}
		return nil
	}
	return c
}

// newMove makes fob adopt or fob release, which take the same flags.
func newMove(a *command.App, verb string, method api.Method[api.MoveParams, api.MoveResult]) *cobra.Command {
	var p api.MoveParams
	var asJSON bool
	c := command.New(verb, func(cmd *cobra.Command, args []string) error {
		p.Names, p.Shared = args, a.SharedSignIns()
		result, err := frontend.Call(cmd.Context(), a.App, method, p)
		if err != nil {
			return err
		}
		if asJSON {
			return a.PrintJSON(result)
		}
		return moved(a, verb, p.DryRun, result)
	})
	c.ValidArgsFunction = a.Names
	c.Flags().BoolVar(&p.DryRun, "dry-run", false, "show the changes and make none")
	command.JSONFlag(c, &asJSON)
	return c
}

func moved(a *command.App, verb string, dryRun bool, result api.MoveResult) error {
	if dryRun {
		for line := range strings.Lines(result.Diff) {
			a.Printf("%s\n", terminal.Clean(strings.TrimSuffix(line, "\n")))
		}
	}
	for _, m := range result.Moved {
		switch {
		case m.Skipped != "":
			a.Tell(m.Name + ": left alone, " + m.Skipped)
		case result.Done && m.Note == "removed":
			a.Tell("removed " + m.Name)
		case result.Done:
			a.Tell(strings.TrimSuffix(verb, "e") + "ed " + m.Name + suffix(m.Note))
		}
	}
	if !result.Done && result.Diff == "" {
		a.Tell("nothing to " + verb)
	}
	return nil
}

func suffix(note string) string {
	if note == "" {
		return ""
	}
	return " (" + note + ")"
}
