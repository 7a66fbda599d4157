package define

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/frontend"
	"fob/internal/terminal"
)

// NewAdd makes fob add. Its subcommands, one for each kind, are made from the agent's
// description of the kinds; so that is asked for only when fob add runs.
func NewAdd(a *command.App) *cobra.Command {
	c := command.New("add", func(cmd *cobra.Command, args []string) error {
		kinds, err := kinds(cmd.Context(), a)
		if err != nil {
			return err
		}
		add := newAddKinds(a, kinds)
		add.SetArgs(append([]string{"add"}, args...))
		kind, err := add.ExecuteContextC(cmd.Context())
		return a.Misused(kind, err)
	})
	c.DisableFlagParsing = true
	c.Args = cobra.ArbitraryArgs
	c.ValidArgsFunction = func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
		return completeAdd(a, cmd, args, text)
	}
	return c
}

// completeAdd completes kinds, their flags, and values that name another definition. fob add
// parses no flags itself, so args has all words of the command line.
func completeAdd(a *command.App, cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
	kinds, _ := kinds(cmd.Context(), a)
	var words []string
	if len(args) == 0 {
		for _, k := range kinds {
			words = append(words, k.Name+"\t"+k.Doc)
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
	at := slices.IndexFunc(kinds, func(k api.KindDoc) bool { return k.Name == args[0] })
	if at < 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	flag, value, joined := strings.Cut(text, "=")
	if !joined {
		flag, value = args[len(args)-1], text
	}
	for _, f := range kinds[at].Fields {
		if "--"+f.Flag == flag && !f.Secret {
			return completeField(cmd.Context(), a, f, value)
		}
		if len(args) > 1 && !f.Secret {
			words = append(words, "--"+f.Flag+"\t"+f.Doc)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

func completeField(ctx context.Context, a *command.App, f api.FieldDoc, text string) ([]string, cobra.ShellCompDirective) {
	if f.Names == "" {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if f.Names == "profile" {
		return a.NamesFrom(ctx, text)
	}
	rows, _ := frontend.Call(ctx, a.App, api.List, api.ListParams{}) // completion shows no errors
	var names []string
	for _, r := range rows {
		if r.Section == f.Names && r.Name == terminal.Clean(r.Name) {
			names = append(names, r.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func kinds(ctx context.Context, a *command.App) ([]api.KindDoc, error) {
	return frontend.Call(ctx, a.App, api.Kinds, api.Empty{})
}

func newAddKinds(a *command.App, kinds []api.KindDoc) *cobra.Command {
	root := &cobra.Command{Use: "fob", SilenceErrors: true, SilenceUsage: true}
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	add := command.Group("add")
	root.AddCommand(add)
	root.PersistentFlags().StringVar(&a.MFACode, "mfa-code", "", "the MFA `CODE` to use instead of asking")
	root.PersistentFlags().BoolVar(&a.PassphraseStdin, "passphrase-stdin", false, "read the vault's passphrase from standard input, a line each time it is asked for")
	for _, k := range kinds {
		add.AddCommand(newAddKind(a, k))
	}
	return root
}

func newAddKind(a *command.App, k api.KindDoc) *cobra.Command {
	values := make([]string, len(k.Fields))
	p := api.AddParams{Kind: k.Name}
	c := &cobra.Command{
		Use: k.Name + " NAME", Short: k.Doc, DisableFlagsInUseLine: true,
		Long: "Add a profile of kind " + k.Name + ": " + k.Doc + ".",
		RunE: command.Runs(func(cmd *cobra.Command, args []string) error {
			p.Name, p.Keys = args[0], map[string]string{}
			for i, f := range k.Fields {
				if values[i] != "" || !f.Secret && cmd.Flags().Changed(f.Flag) { // a named key may be empty
					p.Keys[f.Key] = values[i]
				}
			}
			a.Yes = a.Yes || p.Force // the change is shown all the same
			_, err := frontend.Call(cmd.Context(), a.App, api.Add, p)
			return err
		}),
	}
	a.OneName(c)
	c.ValidArgsFunction = cobra.NoFileCompletions
	secret := slices.ContainsFunc(k.Fields, func(f api.FieldDoc) bool { return f.Secret })
	if secret {
		c.Flags().BoolVar(&a.SecretStdin, "secret-stdin", false, "read the secret from standard input, after the passphrase if that is read too")
	}
	for i, f := range k.Fields {
		doc := f.Doc
		if f.Required {
			doc += " (required)"
		}
		if !f.Secret {
			c.Flags().StringVar(&values[i], f.Flag, "", doc)
		}
	}
	c.Flags().BoolVar(&p.Force, "force", false, "replace a definition of that name, of which all stays that is not named, and another secret of the same access key")
	return c
}

// NewRemove makes fob remove.
func NewRemove(a *command.App) *cobra.Command {
	return a.OneName(command.New("remove", func(cmd *cobra.Command, args []string) error {
		_, err := frontend.Call(cmd.Context(), a.App, api.Remove, api.NameParams{Name: args[0]})
		return err
	}))
}
