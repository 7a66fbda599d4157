// Package vault has fob vault, lock and unlock.
package vault

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/fob"
	"fob/internal/frontend"
)

// NewVault makes fob vault.
func NewVault(a *command.App) *cobra.Command {
	return command.Group("vault",
		newVaultInit(a),
		command.NewReport(a, "vault status", api.VaultStatus),
		command.NewReport(a, "vault verify", api.VaultVerify),
		newVaultPasswd(a),
		a.Plain("vault restore", api.VaultUndo),
	)
}

func newVaultInit(a *command.App) *cobra.Command {
	var o vaultOptions
	var asJSON bool
	c := command.New("vault init", func(cmd *cobra.Command, _ []string) error {
		p, err := o.params()
		if err != nil {
			return err
		}
		status, err := frontend.Call(cmd.Context(), a.App, api.VaultInit, p)
		if err != nil {
			return err
		}
		return a.Report(status, asJSON)
	})
	o.bind(c)
	command.JSONFlag(c, &asJSON)
	return c
}

func newVaultPasswd(a *command.App) *cobra.Command {
	var o vaultOptions
	c := command.New("vault passwd", func(cmd *cobra.Command, _ []string) error {
		p, err := o.params()
		if err != nil {
			return err
		}
		_, err = frontend.Call(cmd.Context(), a.App, api.VaultPasswd, p)
		return err
	})
	o.bind(c)
	return c
}

// vaultOptions are the flags that say how the vault is unlocked from now on.
type vaultOptions struct{ method, identity string }

func (o *vaultOptions) bind(c *cobra.Command) {
	c.Flags().StringVar(&o.method, "unlock", "", "`METHOD` that unlocks the vault from now on: keyring, passphrase or file")
	c.Flags().StringVar(&o.identity, "identity", "", "`PATH` of the identity file, with --unlock file")
	_ = c.RegisterFlagCompletionFunc("unlock", cobra.FixedCompletions([]string{"keyring", "passphrase", "file"}, cobra.ShellCompDirectiveNoFileComp))
}

func (o *vaultOptions) params() (p api.VaultParams, err error) {
	p.Method = o.method
	if o.identity == "" {
		return p, nil
	}
	if o.method != "file" {
		return p, fob.Errorf(fob.ErrUsage, "--identity is for --unlock file").WithHint("add --unlock file")
	}
	p.Identity, err = filepath.Abs(o.identity) // the agent has another working directory
	if err != nil {
		return p, fob.Errorf(fob.ErrUsage, "--identity %s: %w", o.identity, err).WithHint("name it from the root")
	}
	return p, nil
}
