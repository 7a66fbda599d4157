//go:build !heartbeat

package cli

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/fob"
)

func (a *app) newVault() *cobra.Command {
	return a.group("vault",
		a.newVaultInit(),
		a.newReport("vault status", api.VaultStatus),
		a.newReport("vault verify", api.VaultVerify),
		a.newVaultPasswd(),
		a.plain("vault restore", api.VaultUndo),
	)
}

func (a *app) newVaultInit() *cobra.Command {
	var o vaultOptions
	var asJSON bool
	c := a.command("vault init", func(cmd *cobra.Command, _ []string) error {
		p, err := a.vaultParams(o)
		if err != nil {
			return err
		}
		var status map[string]any
		if err := a.call(cmd.Context(), api.VaultInit, &p.Caller, p, &status); err != nil {
			return err
		}
		return a.report(status, asJSON)
	})
	o.bind(c)
	jsonFlag(c, &asJSON)
	return c
}

func (a *app) newVaultPasswd() *cobra.Command {
	var o vaultOptions
	c := a.command("vault passwd", func(cmd *cobra.Command, _ []string) error {
		p, err := a.vaultParams(o)
		if err != nil {
			return err
		}
		return a.call(cmd.Context(), api.VaultPasswd, &p.Caller, p, nil)
	})
	o.bind(c)
	return c
}

// vaultOptions say how a vault is to be unlocked.
type vaultOptions struct{ method, identity string }

func (o *vaultOptions) bind(c *cobra.Command) {
	c.Flags().StringVar(&o.method, "unlock", "", "`METHOD` that unlocks the vault from now on: keyring, passphrase or file")
	c.Flags().StringVar(&o.identity, "identity", "", "`PATH` of the identity file, with --unlock file")
	_ = c.RegisterFlagCompletionFunc("unlock", cobra.FixedCompletions([]string{"keyring", "passphrase", "file"}, cobra.ShellCompDirectiveNoFileComp))
}

func (a *app) vaultParams(o vaultOptions) (*api.VaultParams, error) {
	p := &api.VaultParams{Caller: api.Caller{Bus: a.bus()}, Method: o.method}
	if o.identity == "" {
		return p, nil
	}
	if o.method != "file" {
		return nil, fob.Errorf(fob.ErrUsage, "--identity is for --unlock file").WithHint("add --unlock file")
	}
	path, err := filepath.Abs(o.identity) // the agent's directory is another
	if err != nil {
		return nil, fob.Errorf(fob.ErrUsage, "--identity %s: %w", o.identity, err).WithHint("name it from the root")
	}
	p.Identity = path
	return p, nil
}

// newReport is a command that takes nothing and prints what the agent says.
func (a *app) newReport(path string, method any) *cobra.Command {
	var asJSON bool
	c := a.command(path, func(cmd *cobra.Command, _ []string) error {
		p := api.Empty{Caller: api.Caller{Bus: a.bus()}}
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
func (a *app) plain(path string, method any) *cobra.Command {
	return a.command(path, func(cmd *cobra.Command, _ []string) error {
		p := api.Empty{Caller: api.Caller{Bus: a.bus()}}
		return a.call(cmd.Context(), method, &p.Caller, &p, nil)
	})
}

// report prints facts, a line each.
func (a *app) report(facts map[string]any, asJSON bool) error {
	if asJSON {
		return a.printJSON(facts)
	}
	if exists, said := facts["exists"].(bool); said && !exists {
		facts = maps.Clone(facts) // of what is not there nothing is unknown
		maps.DeleteFunc(facts, func(_ string, v any) bool { return v == nil })
	}
	rows := factRows("", facts)
	if len(rows) == 0 {
		return nil
	}
	return a.printTable(rows)
}

// factRows are the facts by name, those of a thing in it under both names.
func factRows(prefix string, facts map[string]any) [][]string {
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		text := ""
		switch v := facts[name].(type) {
		case map[string]any:
			rows = append(rows, factRows(prefix+name+" ", v)...)
			continue
		case nil:
			text = "unknown"
		case string:
			text = v
		default:
			text = fmt.Sprint(v)
		}
		rows = append(rows, []string{prefix + name, text})
	}
	return rows
}

// bus is where this session's D-Bus is, and with it the keyring: the agent may
// have been started in another session.
func (a *app) bus() string {
	if address := a.getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" {
		return address
	}
	dir := a.getenv("XDG_RUNTIME_DIR")
	special := strings.ContainsFunc(dir, func(r rune) bool { // would have to be escaped; nobody's has any
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/_.-", r))
	})
	if !filepath.IsAbs(dir) || special {
		return ""
	}
	return "unix:path=" + filepath.Join(dir, "bus")
}
