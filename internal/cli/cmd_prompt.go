//go:build !heartbeat

package cli

import (
	"github.com/spf13/cobra"

	"fob/internal/shell"
)

func (a *app) newPrompt() *cobra.Command {
	var s segment
	c := a.command("prompt", func(cmd *cobra.Command, _ []string) error {
		return a.printSegment(cmd.Context(), s)
	})
	c.Flags().StringVar(&s.format, "format", segmentFormat, "what to print, with {name} and {left}")
	c.Flags().StringVar(&s.shell, "shell", "", "the `SHELL` whose prompt it becomes a part of")
	_ = c.RegisterFlagCompletionFunc("format", cobra.NoFileCompletions)
	_ = c.RegisterFlagCompletionFunc("shell", cobra.FixedCompletions(shell.Shells(), cobra.ShellCompDirectiveNoFileComp))
	return c
}
