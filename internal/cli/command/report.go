package command

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/frontend"
)

// NewReport makes a command without arguments that prints what the agent answers.
func NewReport[R any](a *App, path string, method api.Method[api.Empty, R]) *cobra.Command {
	var asJSON bool
	c := New(path, func(cmd *cobra.Command, _ []string) error {
		answer, err := frontend.Call(cmd.Context(), a.App, method, api.Empty{})
		if err != nil {
			return err
		}
		return a.Report(answer, asJSON)
	})
	JSONFlag(c, &asJSON)
	return c
}

// Plain makes a command without arguments that prints nothing.
func (a *App) Plain(path string, method api.Method[api.Empty, api.Empty]) *cobra.Command {
	return New(path, func(cmd *cobra.Command, _ []string) error {
		_, err := frontend.Call(cmd.Context(), a.App, method, api.Empty{})
		return err
	})
}

// Report prints the members of an answer, a line each or as JSON. A member that is null is
// shown as unknown; those named in but have no line.
func (a *App) Report(answer any, asJSON bool, but ...string) error {
	if asJSON {
		return a.PrintJSON(answer)
	}
	text, err := json.Marshal(answer)
	var facts map[string]any
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber() // a large one is printed as it is
		err = dec.Decode(&facts)
	}
	if err != nil {
		return err
	}
	maps.DeleteFunc(facts, func(name string, v any) bool {
		return slices.Contains(but, name) || facts["exists"] == false && v == nil // what does not exist has no unknown properties
	})
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
		case []any:
			text = cmp.Or(strings.Trim(fmt.Sprint(v), "[]"), "none")
		default:
			text = fmt.Sprint(v)
		}
		rows = append(rows, []string{prefix + name, text})
	}
	return rows
}
