package command

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"fob/internal/api"
)

// NewReport makes a command without arguments that prints what the agent answers.
func (a *App) NewReport(path string, method any) *cobra.Command {
	var asJSON bool
	c := a.Command(path, func(cmd *cobra.Command, _ []string) error {
		p := api.Empty{Caller: api.Caller{Bus: a.Bus()}}
		var answer map[string]any
		if err := a.Call(cmd.Context(), method, &p.Caller, &p, &answer); err != nil {
			return err
		}
		return a.Report(answer, asJSON)
	})
	JSONFlag(c, &asJSON)
	return c
}

// Plain makes a command without arguments that prints nothing.
func (a *App) Plain(path string, method any) *cobra.Command {
	return a.Command(path, func(cmd *cobra.Command, _ []string) error {
		p := api.Empty{Caller: api.Caller{Bus: a.Bus()}}
		return a.Call(cmd.Context(), method, &p.Caller, &p, nil)
	})
}

// Report prints the members of an answer, a line each or as JSON. A member that is null is
// shown as unknown.
func (a *App) Report(facts map[string]any, asJSON bool) error {
	if asJSON {
		return a.PrintJSON(facts)
	}
	if exists, said := facts["exists"].(bool); said && !exists {
		facts = maps.Clone(facts) // what does not exist has no unknown properties
		maps.DeleteFunc(facts, func(_ string, v any) bool { return v == nil })
	}
	rows := factRows("", facts)
	if len(rows) == 0 {
		return nil
	}
	return a.PrintTable(rows)
}

// factRows returns a row for each member, in the order of names; those of a nested object
// have both names.
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
