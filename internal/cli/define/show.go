package define

import (
	"cmp"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/frontend"
	"fob/internal/terminal"
)

// NewShow makes fob show.
func NewShow(a *command.App) *cobra.Command {
	var asJSON bool
	c := a.OneName(command.New("show", func(cmd *cobra.Command, args []string) error {
		d, err := frontend.Call(cmd.Context(), a.App, api.Show, api.NameParams{Name: args[0]})
		if err != nil {
			return err
		}
		if asJSON {
			return a.PrintJSON(d.Keys)
		}
		show(a, d, args[0])
		return nil
	}))
	command.JSONFlag(c, &asJSON)
	return c
}

// show prints a definition in the syntax of ~/.aws/config.
func show(a *command.App, d api.Definition, name string) {
	a.Printf("# %s, defined in %s\n", dash(d.Kind), terminal.Clean(d.Path))
	section := cmp.Or(d.Section, "profile")
	if section == "profile" && d.Name != name {
		a.Printf("# %s stands for %s\n", terminal.Clean(name), terminal.Clean(d.Name))
	}
	a.Printf("[%s %s]\n", section, terminal.Clean(d.Name))
	for _, key := range slices.Sorted(maps.Keys(d.Keys)) {
		switch value := d.Keys[key].(type) {
		case map[string]any:
			a.Printf("%s =\n", terminal.Clean(key))
			for _, sub := range slices.Sorted(maps.Keys(value)) {
				a.Printf("  %s = %s\n", terminal.Clean(sub), terminal.Clean(value[sub].(string)))
			}
		case string:
			a.Printf("%s = %s\n", terminal.Clean(key), terminal.Clean(value))
		}
	}
}
