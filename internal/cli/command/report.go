package command

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"fob/internal/api"
)

// NewReport is a command that takes nothing and prints what the agent says.
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

// Plain is a command that takes nothing and prints nothing.
func (a *App) Plain(path string, method any) *cobra.Command {
	return a.Command(path, func(cmd *cobra.Command, _ []string) error {
		p := api.Empty{Caller: api.Caller{Bus: a.Bus()}}
		return a.Call(cmd.Context(), method, &p.Caller, &p, nil)
	})
}

// Report prints facts, a line each.
func (a *App) Report(facts map[string]any, asJSON bool) error {
	if asJSON {
		return a.PrintJSON(facts)
	}
	if exists, said := facts["exists"].(bool); said && !exists {
		facts = maps.Clone(facts) // of what is not there nothing is unknown
		maps.DeleteFunc(facts, func(_ string, v any) bool { return v == nil })
	}
	rows := factRows("", facts)
	if len(rows) == 0 {
		return nil
	}
	return a.PrintTable(rows)
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
