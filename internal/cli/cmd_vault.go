//go:build !heartbeat

package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"fob/internal/api"
)

func (a *app) newVault() *cobra.Command {
	return a.group("vault",
		a.newVaultInit(),
		a.newReport("vault status", api.VaultStatus),
		a.newReport("vault verify", api.VaultVerify),
		a.plain("vault passwd", api.VaultPasswd),
		a.plain("vault restore", api.VaultUndo),
	)
}

func (a *app) newVaultInit() *cobra.Command {
	var p api.VaultParams
	var asJSON bool
	c := a.command("vault init", func(cmd *cobra.Command, _ []string) error {
		var status map[string]any
		if err := a.call(cmd.Context(), api.VaultInit, &p.Caller, &p, &status); err != nil {
			return err
		}
		return a.report(status, asJSON)
	})
	c.Flags().StringVar(&p.Method, "unlock", "", "`METHOD` that unlocks the vault: keyring, passphrase or file")
	c.Flags().StringVar(&p.Identity, "identity", "", "`PATH` of the identity file, with --unlock file")
	jsonFlag(c, &asJSON)
	_ = c.RegisterFlagCompletionFunc("unlock", cobra.FixedCompletions([]string{"keyring", "passphrase", "file"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// newReport is a command that takes nothing and prints what the agent says.
func (a *app) newReport(path, method string) *cobra.Command {
	var asJSON bool
	c := a.command(path, func(cmd *cobra.Command, _ []string) error {
		p := api.Empty{}
		var answer map[string]any
		if err := a.call(cmd.Context(), method, &p.Caller, &p, &answer); err != nil {
			return err
		}
		return a.report(answer, asJSON)
	})
	jsonFlag(c, &asJSON)
	return c
}

// plain is a command that takes nothing and prints nothing.
func (a *app) plain(path, method string) *cobra.Command {
	return a.command(path, func(cmd *cobra.Command, _ []string) error {
		p := api.Empty{}
		return a.call(cmd.Context(), method, &p.Caller, &p, nil)
	})
}

// report prints facts, a line each.
func (a *app) report(facts map[string]any, asJSON bool) error {
	if asJSON {
		return a.printJSON(facts)
	}
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		var text string
		switch v := facts[name].(type) {
		case string:
			text = v
		case float64, bool:
			text = fmt.Sprint(v)
		default:
			raw, err := json.Marshal(v)
			if err != nil {
				return err
			}
			text = string(raw)
		}
		rows = append(rows, []string{name, text})
	}
	if len(rows) == 0 {
		return nil
	}
	return a.printTable(rows)
}
