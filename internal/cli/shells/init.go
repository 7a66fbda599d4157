package shells

import (
	"github.com/spf13/cobra"

	"fob/internal/cli/command"
	"fob/internal/fob"
	"fob/internal/shell"
)

// NewInit makes fob init.
func NewInit(a *command.App) *cobra.Command {
	var prompt bool
	c := oneShell(a, command.New("init", func(_ *cobra.Command, args []string) error {
		text, err := shell.Init(args[0], a.Exe(), prompt)
		if err != nil {
			return err
		}
		return a.Write(fob.Delivery{Stdout: text})
	}))
	c.Flags().BoolVar(&prompt, "prompt", false, "also show the profile in use in the prompt")
	return c
}

// NewCompletion makes fob completion. Cobra's own scripts are not used: they evaluate what
// was typed, and for bash they need the package bash-completion.
func NewCompletion(a *command.App) *cobra.Command {
	return oneShell(a, command.New("completion", func(_ *cobra.Command, args []string) error {
		text, err := shell.Completion(args[0])
		if err != nil {
			return err
		}
		return a.Write(fob.Delivery{Stdout: text})
	}))
}

// oneShell makes a command take the name of a shell, and complete it.
func oneShell(a *command.App, c *cobra.Command) *cobra.Command {
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fob.Errorf(fob.ErrUsage, "%s takes the name of a shell", cmd.CommandPath()).WithHint("%s", cmd.UseLine())
		}
		return nil
	}
	c.ValidArgsFunction = cobra.FixedCompletions(shell.Shells(), cobra.ShellCompDirectiveNoFileComp)
	return c
}
