//go:build !heartbeat

package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fob/docs/ref"
	"fob/internal/api"
	"fob/internal/fob"
)

// execute builds the tree of commands and runs one.
func (a *app) execute(ctx context.Context, args []string) int {
	root := a.newRoot()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	return a.exit(a.misused(cmd, err), cmd.Annotations["one-line-errors"] != "")
}

// misused makes what cobra itself refuses the wrong command line that it is; the
// errors of commands that ran are theirs.
func (a *app) misused(cmd *cobra.Command, err error) error {
	var own *fob.Error
	out, ok := a.Out.(*output)
	if err == nil || a.accepted || errors.As(err, &own) || ok && out.failed(err) { // --version and --help print before anything runs
		return err
	}
	return fob.Errorf(fob.ErrUsage, "%w", err).WithHint("%s --help", cmd.CommandPath())
}

// runs marks the moment from which on errors are no longer cobra's.
func (a *app) runs(run func(cmd *cobra.Command, args []string) error) func(cmd *cobra.Command, args []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.accepted = true
		return run(cmd, args)
	}
}

func (a *app) newRoot() *cobra.Command {
	root := a.group("fob")
	root.Use = "fob"
	root.SilenceErrors, root.SilenceUsage = true, true
	root.Version = a.version
	root.SetVersionTemplate(a.versionText())
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.CompletionOptions.DisableDefaultCmd = true
	flags := root.PersistentFlags()
	flags.StringVar(&a.mfaCode, "mfa-code", "", "the MFA `CODE` to use instead of asking")
	flags.BoolVar(&a.passphraseStdin, "passphrase-stdin", false, "read the vault's passphrase from standard input, a line each time it is asked for")
	flags.BoolVar(&a.yes, "yes", false, "do what needs consent without asking")
	root.AddGroup(
		&cobra.Group{ID: "use", Title: "Use credentials:"},
		&cobra.Group{ID: "define", Title: "Definitions:"},
		&cobra.Group{ID: "sign-in", Title: "Sign-ins:"},
		&cobra.Group{ID: "keep", Title: "Vault and agent:"},
		&cobra.Group{ID: "shell", Title: "Shells:"},
	)
	for _, g := range []struct {
		id       string
		commands []*cobra.Command
	}{
		{"use", []*cobra.Command{a.newCredentials(), a.newExec(), a.newEnv(), a.newUse(), a.newConsole(), a.newWhoAmI(), a.newSession(), a.newSign(), a.newCurl(), a.newProxy(), a.newServe(), a.newWrite(), a.newToken()}},
		{"define", []*cobra.Command{a.newList(), a.newShow(), a.newAdd(), a.newRemove(), a.newAdopt(), a.newRelease()}},
		{"sign-in", []*cobra.Command{a.newLogin(), a.newLogout(), a.newSync(), a.newGenerate()}},
		{"keep", []*cobra.Command{a.newLock(), a.newUnlock(), a.newVault(), a.newAgent(), a.newVersion()}},
		{"shell", []*cobra.Command{a.newInit(), a.newPrompt(), a.newCompletion()}},
	} {
		for _, c := range g.commands {
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
	root.InitDefaultHelpCmd()
	if help, _, err := root.Find([]string{"help"}); err == nil {
		// cobra answers an unknown topic with the root's help, and success.
		help.Args = func(_ *cobra.Command, args []string) error {
			if cmd, rest, err := root.Find(args); err == nil && len(rest) > 0 && cmd.HasSubCommands() {
				return unknown(cmd, rest[0])
			}
			return nil
		}
	}
	return root
}

// command makes a command from its page in docs/ref. A command without a page
// is a fault that a test finds.
func (a *app) command(path string, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
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
		RunE: a.runs(run), Args: cobra.NoArgs, DisableFlagsInUseLine: true,
	}
}

// group makes a command that only holds others.
func (a *app) group(path string, commands ...*cobra.Command) *cobra.Command {
	g := a.command(path, func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknown(cmd, args[0])
		}
		return cmd.Help()
	})
	g.Args = cobra.ArbitraryArgs
	g.SuggestionsMinimumDistance = 2
	g.AddCommand(commands...)
	return g
}

// unknown refuses a word that is none of a group's commands, and names those
// that it may have been.
func unknown(group *cobra.Command, word string) error {
	near := group.SuggestionsFor(word)
	for i, name := range near {
		near[i] = group.CommandPath() + " " + name
	}
	return fob.Errorf(fob.ErrUsage, "%s has no command %q", group.CommandPath(), word).
		WithHint("%s", strings.Join(append(near, group.CommandPath()+" --help"), ", or "))
}

// names completes the names of profiles, sign-ins and their roles.
func (a *app) names(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
	if cmd.Name() == "exec" && len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault // the command's own arguments
	}
	if len(args) > 0 && !strings.Contains(cmd.Use, "…") {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.namesFrom(cmd.Context(), text)
}

// namesFrom are the names that begin with a text.
func (a *app) namesFrom(ctx context.Context, text string) ([]string, cobra.ShellCompDirective) {
	var names []string
	p := api.CompleteParams{Prefix: text}
	if a.call(ctx, api.Complete, &p.Caller, &p, &names) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	directive := cobra.ShellCompDirectiveNoFileComp
	names = slices.DeleteFunc(names, func(n string) bool { return n != clean(n) })
	for _, n := range names {
		if strings.HasSuffix(n, "/") {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
	}
	return names, directive
}

// oneName is the arguments of a command that takes one profile.
func (a *app) oneName(c *cobra.Command) *cobra.Command {
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fob.Errorf(fob.ErrUsage, "%s takes one profile's name", cmd.CommandPath()).WithHint("%s; fob list shows the names", cmd.UseLine())
		}
		return nil
	}
	c.ValidArgsFunction = a.names
	return c
}
