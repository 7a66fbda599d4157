//go:build !heartbeat

package cli

import (
	"cmp"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"fob/internal/api"
)

func (a *app) newShow() *cobra.Command {
	var asJSON bool
	c := a.oneName(a.command("show", func(cmd *cobra.Command, args []string) error {
		p := api.NameParams{Name: args[0]}
		var d api.Definition
		if err := a.call(cmd.Context(), api.Show, &p.Caller, &p, &d); err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(d.Keys)
		}
		a.show(d, args[0])
		return nil
	}))
	jsonFlag(c, &asJSON)
	return c
}

// show prints a definition in the grammar of the file it could be put into.
func (a *app) show(d api.Definition, name string) {
	a.printf("# %s, defined in %s\n", dash(d.Kind), clean(d.Path))
	section := cmp.Or(d.Section, "profile")
	if section == "profile" && d.Name != name {
		a.printf("# %s stands for %s\n", clean(name), clean(d.Name))
	}
	a.printf("[%s %s]\n", section, clean(d.Name))
	for _, key := range slices.Sorted(maps.Keys(d.Keys)) {
		switch value := d.Keys[key].(type) {
		case map[string]any:
			a.printf("%s =\n", clean(key))
			for _, sub := range slices.Sorted(maps.Keys(value)) {
				a.printf("  %s = %s\n", clean(sub), clean(value[sub].(string)))
			}
		case string:
			a.printf("%s = %s\n", clean(key), clean(value))
		}
	}
}
