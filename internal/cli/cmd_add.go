//go:build !heartbeat

package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fob/internal/api"
)

// newAdd draws the command of each kind from the kind's own fields, which the
// agent knows: the tree is built when add is really asked for.
func (a *app) newAdd() *cobra.Command {
	c := a.command("add", func(cmd *cobra.Command, args []string) error {
		kinds, err := a.kinds(cmd.Context())
		if err != nil {
			return err
		}
		add := a.newAddKinds(kinds)
		add.SetArgs(append([]string{"add"}, args...))
		a.accepted = false
		kind, err := add.ExecuteContextC(cmd.Context())
		return a.misused(kind, err)
	})
	c.DisableFlagParsing = true
	c.Args = cobra.ArbitraryArgs
	c.ValidArgsFunction = a.completeAdd
	return c
}

// completeAdd completes kinds, their flags, and the values of flags that name
// another definition. add parses no flags itself, so they are all arguments here.
func (a *app) completeAdd(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
	kinds, _ := a.kinds(cmd.Context())
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
			return a.completeField(cmd.Context(), f, value)
		}
		if len(args) > 1 && !f.Secret {
			words = append(words, "--"+f.Flag+"\t"+f.Doc)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeField(ctx context.Context, f api.FieldDoc, text string) ([]string, cobra.ShellCompDirective) {
	if f.Names == "" {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if f.Names == "profile" {
		return a.namesFrom(ctx, text)
	}
	var rows []api.Row
	p := api.ListParams{}
	_ = a.call(ctx, api.List, &p.Caller, &p, &rows) // nothing to offer is an answer
	var names []string
	for _, r := range rows {
		if r.Section == f.Names && r.Name == clean(r.Name) {
			names = append(names, r.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) kinds(ctx context.Context) ([]api.KindDoc, error) {
	var kinds []api.KindDoc
	p := api.Empty{}
	err := a.call(ctx, api.Kinds, &p.Caller, &p, &kinds)
	return kinds, err
}

func (a *app) newAddKinds(kinds []api.KindDoc) *cobra.Command {
	root := &cobra.Command{Use: "fob", SilenceErrors: true, SilenceUsage: true}
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	add := a.group("add")
	root.AddCommand(add)
	root.PersistentFlags().StringVar(&a.mfaCode, "mfa-code", "", "the MFA `CODE` to use instead of asking")
	root.PersistentFlags().BoolVar(&a.passphraseStdin, "passphrase-stdin", false, "read the vault's passphrase from standard input, a line each time it is asked for")
	for _, k := range kinds {
		add.AddCommand(a.newAddKind(k))
	}
	return root
}

func (a *app) newAddKind(k api.KindDoc) *cobra.Command {
	values := make([]string, len(k.Fields))
	p := &api.AddParams{Kind: k.Name}
	c := &cobra.Command{
		Use: k.Name + " NAME", Short: k.Doc, DisableFlagsInUseLine: true,
		Long: "Add a profile of kind " + k.Name + ": " + k.Doc + ".",
		RunE: a.runs(func(cmd *cobra.Command, args []string) error {
			p.Name, p.Keys = args[0], map[string]string{}
			for i, f := range k.Fields {
				if values[i] != "" {
					p.Keys[f.Key] = values[i]
				}
			}
			p.Caller.Bus = a.bus() // a first secret makes the vault
			return a.call(cmd.Context(), api.Add, &p.Caller, p, nil)
		}),
	}
	a.oneName(c)
	c.ValidArgsFunction = cobra.NoFileCompletions
	secret := slices.ContainsFunc(k.Fields, func(f api.FieldDoc) bool { return f.Secret })
	if secret {
		c.Flags().BoolVar(&a.secretStdin, "secret-stdin", false, "read the secret from standard input, after the passphrase if that is read too")
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
	c.Flags().BoolVar(&p.Force, "force", false, "replace a definition of that name, and another secret of the same access key")
	return c
}

func (a *app) newRemove() *cobra.Command {
	return a.oneName(a.command("remove", func(cmd *cobra.Command, args []string) error {
		p := api.NameParams{Name: args[0]}
		return a.call(cmd.Context(), api.Remove, &p.Caller, &p, nil)
	}))
}
