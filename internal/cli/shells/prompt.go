package shells

import (
	"github.com/spf13/cobra"

	"fob/internal/cli/command"
	"fob/internal/hotpath"
	"fob/internal/shell"
)

// NewPrompt makes fob prompt.
func NewPrompt(a *command.App) *cobra.Command {
	var p hotpath.Prompt
	c := command.New("prompt", func(cmd *cobra.Command, _ []string) error {
		return p.Print(cmd.Context(), a.App)
	})
	c.Flags().StringVar(&p.Format, "format", hotpath.DefaultFormat, "what to print, with {name} and {left}")
	c.Flags().StringVar(&p.Shell, "shell", "", "the `SHELL` whose prompt it becomes a part of")
	_ = c.RegisterFlagCompletionFunc("format", cobra.NoFileCompletions)
	_ = c.RegisterFlagCompletionFunc("shell", cobra.FixedCompletions(shell.Shells(), cobra.ShellCompDirectiveNoFileComp))
	return c
}
