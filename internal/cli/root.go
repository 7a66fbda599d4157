package cli

import (
	"github.com/spf13/cobra"

	"fob/internal/cli/agent"
	"fob/internal/cli/command"
	"fob/internal/cli/console"
	"fob/internal/cli/define"
	"fob/internal/cli/deliver"
	"fob/internal/cli/shells"
	"fob/internal/cli/signin"
	"fob/internal/cli/signing"
	"fob/internal/cli/token"
	"fob/internal/cli/vault"
)

func newRoot(a *command.App) *cobra.Command {
	root := command.Group("fob")
	root.Use = "fob"
	root.SilenceErrors, root.SilenceUsage = true, true
	root.Version = a.Version
	root.SetVersionTemplate(versionText(a))
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.CompletionOptions.DisableDefaultCmd = true
	flags := root.PersistentFlags()
	flags.StringVar(&a.MFACode, "mfa-code", "", "the MFA `CODE` to use instead of asking")
	flags.BoolVar(&a.PassphraseStdin, "passphrase-stdin", false, "read the vault's passphrase from standard input, a line each time it is asked for")
	flags.BoolVar(&a.Yes, "yes", false, "do what needs consent without asking")
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
		{"use", []*cobra.Command{deliver.NewCredentials(a), deliver.NewExec(a), deliver.NewEnv(a), shells.NewUse(a), console.NewConsole(a), deliver.NewWhoAmI(a), deliver.NewSession(a), signing.NewSign(a), signing.NewCurl(a), signing.NewProxy(a), deliver.NewServe(a), deliver.NewWrite(a), token.NewToken(a)}},
		{"define", []*cobra.Command{define.NewList(a), define.NewShow(a), define.NewAdd(a), define.NewRemove(a), define.NewAdopt(a), define.NewRelease(a)}},
		{"sign-in", []*cobra.Command{signin.NewLogin(a), signin.NewLogout(a), signin.NewSync(a), define.NewGenerate(a)}},
		{"keep", []*cobra.Command{vault.NewLock(a), vault.NewUnlock(a), vault.NewVault(a), agent.NewAgent(a), newVersion(a)}},
		{"shell", []*cobra.Command{shells.NewInit(a), shells.NewPrompt(a), shells.NewCompletion(a)}},
	} {
		for _, c := range g.commands {
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
	root.InitDefaultHelpCmd()
	if help, _, err := root.Find([]string{"help"}); err == nil {
		// For an unknown topic cobra prints the root's help and succeeds.
		help.Args = func(_ *cobra.Command, args []string) error {
			if cmd, rest, err := root.Find(args); err == nil && len(rest) > 0 && cmd.HasSubCommands() {
				return command.Unknown(cmd, rest[0])
			}
			return nil
		}
	}
	return root
}
