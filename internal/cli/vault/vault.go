package vault

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/fob"
)

func NewVault(a *command.App) *cobra.Command {
	return a.Group("vault",
		newVaultInit(a),
		a.NewReport("vault status", api.VaultStatus),
		a.NewReport("vault verify", api.VaultVerify),
		newVaultPasswd(a),
		a.Plain("vault restore", api.VaultUndo),
	)
}

func newVaultInit(a *command.App) *cobra.Command {
	var o vaultOptions
	var asJSON bool
	c := a.Command("vault init", func(cmd *cobra.Command, _ []string) error {
		p, err := vaultParams(a, o)
		if err != nil {
			return err
		}
		var status map[string]any
		if err := a.Call(cmd.Context(), api.VaultInit, &p.Caller, p, &status); err != nil {
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
	c := a.Command("vault passwd", func(cmd *cobra.Command, _ []string) error {
		p, err := vaultParams(a, o)
		if err != nil {
			return err
		}
		return a.Call(cmd.Context(), api.VaultPasswd, &p.Caller, p, nil)
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

func vaultParams(a *command.App, o vaultOptions) (*api.VaultParams, error) {
	p := &api.VaultParams{Caller: api.Caller{Bus: a.Bus()}, Method: o.method}
	if o.identity == "" {
		return p, nil
	}
	if o.method != "file" {
		return nil, fob.Errorf(fob.ErrUsage, "--identity is for --unlock file").WithHint("add --unlock file")
	}
	path, err := filepath.Abs(o.identity) // the agent has another working directory
	if err != nil {
		return nil, fob.Errorf(fob.ErrUsage, "--identity %s: %w", o.identity, err).WithHint("name it from the root")
	}
	p.Identity = path
	return p, nil
}
