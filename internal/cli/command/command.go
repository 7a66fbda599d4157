// Package command is what the commands of fob have in common: making a command from its page
// in docs/ref, flags and completions that several commands have, and printing of results.
package command

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fob/docs/ref"
	"fob/internal/api"
	"fob/internal/fob"
	"fob/internal/frontend"
	"fob/internal/terminal"
)

// App is one run of the front end, with what only commands need.
type App struct {
	*frontend.App
	Programs Programs
}

// ran marks an error as one of a command that was run. All others come from cobra, which
// found something wrong with the command line.
type ran struct{ error }

func (r ran) Unwrap() error { return r.error }

// Runs makes a function for [cobra.Command.RunE], whose errors [App.Misused] leaves alone.
func Runs(run func(cmd *cobra.Command, args []string) error) func(cmd *cobra.Command, args []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := run(cmd, args); err != nil {
			return ran{err}
		}
		return nil
	}
}

// Misused turns an error of cobra's into [fob.ErrUsage] with a hint to the command's help.
// Errors of commands that were run are returned as they are.
func (a *App) Misused(cmd *cobra.Command, err error) error {
	var own *fob.Error
	var theirs ran
	if err == nil || errors.As(err, &theirs) || errors.As(err, &own) || a.Failed(err) { // --version and --help print without running a command
		return err
	}
	return fob.Errorf(fob.ErrUsage, "%w", err).WithHint("%s --help", cmd.CommandPath())
}

// New makes a command from its page in docs/ref. It panics if there is none, which a test
// would find. The command takes no arguments unless the caller changes that.
func New(path string, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	page, err := ref.Read(path)
	if err != nil {
		panic(err)
	}
	use := page.Use
	if parent := strings.LastIndexByte(path, ' '); parent >= 0 {
		use = strings.TrimPrefix(use, path[:parent+1])
	}
	return &cobra.Command{
		Use: use, Short: page.Short, Long: page.Long, Example: page.Examples,
		RunE: Runs(run), Args: cobra.NoArgs, DisableFlagsInUseLine: true,
	}
}

// Group makes a command that does nothing but hold subcommands.
func Group(path string, commands ...*cobra.Command) *cobra.Command {
	g := New(path, func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return Unknown(cmd, args[0])
		}
		return cmd.Help()
	})
	g.Args = cobra.ArbitraryArgs
	g.SuggestionsMinimumDistance = 2
	g.AddCommand(commands...)
	return g
}

// Unknown is the error for a word that is no subcommand of a group; its hint has the
// subcommands with similar names.
func Unknown(group *cobra.Command, word string) error {
	near := group.SuggestionsFor(word)
	for i, name := range near {
		near[i] = group.CommandPath() + " " + name
	}
	return fob.Errorf(fob.ErrUsage, "%s has no command %q", group.CommandPath(), word).
		WithHint("%s", strings.Join(append(near, group.CommandPath()+" --help"), ", or "))
}

// Names completes arguments that are names of profiles, sign-ins and their roles; a command
// takes several if its usage line has an ellipsis.
func (a *App) Names(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
	if cmd.Name() == "exec" && len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault // arguments of the program to run: files
	}
	if len(args) > 0 && !strings.Contains(cmd.Use, "…") {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.NamesFrom(cmd.Context(), text)
}

// NamesFrom returns the names that begin with a text, for completion.
func (a *App) NamesFrom(ctx context.Context, text string) ([]string, cobra.ShellCompDirective) {
	names, err := frontend.Call(ctx, a.App, api.Complete, api.CompleteParams{Prefix: text})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	directive := cobra.ShellCompDirectiveNoFileComp
	names = slices.DeleteFunc(names, func(n string) bool { return n != terminal.Clean(n) })
	for _, n := range names {
		if strings.HasSuffix(n, "/") {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
	}
	return names, directive
}

// OneName makes a command take the name of one profile, and complete it.
func (a *App) OneName(c *cobra.Command) *cobra.Command {
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fob.Errorf(fob.ErrUsage, "%s takes one profile's name", cmd.CommandPath()).WithHint("%s; fob list shows the names", cmd.UseLine())
		}
		return nil
	}
	c.ValidArgsFunction = a.Names
	return c
}
