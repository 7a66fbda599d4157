//go:build !heartbeat

package cli

import (
	"github.com/spf13/cobra"

	"fob/internal/fob"
	"fob/internal/shell"
)

func (a *app) newInit() *cobra.Command {
	var prompt bool
	c := a.oneShell(a.command("init", func(_ *cobra.Command, args []string) error {
		text, err := shell.Init(args[0], a.exe(), prompt)
		if err != nil {
			return err
		}
		return a.write(fob.Delivery{Stdout: text})
	}))
	c.Flags().BoolVar(&prompt, "prompt", false, "also show the profile in use in the prompt")
	return c
}

// newCompletion takes the place of cobra's own, whose scripts evaluate what was
// typed, and in bash need another package.
func (a *app) newCompletion() *cobra.Command {
	return a.oneShell(a.command("completion", func(_ *cobra.Command, args []string) error {
		text, err := shell.Completion(args[0])
		if err != nil {
			return err
		}
		return a.write(fob.Delivery{Stdout: text})
	}))
}

// oneShell is the arguments of a command that takes a shell's name.
func (a *app) oneShell(c *cobra.Command) *cobra.Command {
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fob.Errorf(fob.ErrUsage, "%s takes the name of a shell", cmd.CommandPath()).WithHint("%s", cmd.UseLine())
		}
		return nil
	}
	c.ValidArgsFunction = cobra.FixedCompletions(shell.Shells(), cobra.ShellCompDirectiveNoFileComp)
	return c
}
