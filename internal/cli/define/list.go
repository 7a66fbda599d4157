// Package define has the commands that list and change definitions: list, show, add, remove,
// adopt, release and generate.
package define

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/fob"
	"fob/internal/frontend"
)

// listOptions are the flags of fob list.
type listOptions struct {
	filter string
	json   bool
}

// NewList makes fob list.
func NewList(a *command.App) *cobra.Command {
	o := &listOptions{}
	c := command.New("list", func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), a, args) })
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return fob.Errorf(fob.ErrUsage, "fob list takes one sign-in's name, or none").WithHint("fob list SIGN-IN; more words: fob list --filter 'WORD WORD'")
		}
		return nil
	}
	c.ValidArgsFunction = a.Names
	c.Flags().StringVar(&o.filter, "filter", "", "only what has all these `WORDS` in it")
	command.JSONFlag(c, &o.json)
	return c
}

// run prints the roles of the sign-in that is named, else all profiles and sign-ins.
func (o *listOptions) run(ctx context.Context, a *command.App, signIn []string) error {
	var rows []api.Row
	var err error
	if len(signIn) > 0 {
		rows, err = frontend.Call(ctx, a.App, api.Roles, api.RolesParams{Name: signIn[0], Filter: o.filter})
	} else {
		rows, err = frontend.Call(ctx, a.App, api.List, api.ListParams{Filter: o.filter})
	}
	if err != nil {
		return err
	}
	switch {
	case o.json:
		all := make([]listed, len(rows))
		for i, row := range rows {
			all[i] = listed(row)
		}
		return a.PrintJSON(all)
	case len(signIn) > 0:
		return a.PrintTable(roleTable(rows, time.Now()))
	case len(rows) == 0 && o.filter == "":
		a.Tell("no profiles yet; fob adopt takes in ~/.aws/credentials, fob add makes one")
		return nil
	}
	return a.PrintTable(table(rows, time.Now()))
}

// listed is a row as --json prints it. Scripts rely on members that may be empty; on the
// wire these are left out, because there may be tens of thousands of rows.
type listed struct {
	Name        string     `json:"name"`
	Kind        string     `json:"kind"`
	Section     string     `json:"section,omitempty"`
	Source      string     `json:"source"`
	Origin      string     `json:"origin"`
	Account     string     `json:"account"`
	AccountName string     `json:"account_name,omitempty"`
	Email       string     `json:"email,omitempty"`
	Role        string     `json:"role,omitempty"`
	Region      string     `json:"region"`
	State       string     `json:"state"`
	Expiration  *time.Time `json:"expiration"`
}

// roleTable returns a table of the roles of a sign-in.
func roleTable(rows []api.Row, now time.Time) [][]string {
	out := [][]string{{"NAME", "ACCOUNT", "ACCOUNT NAME", "EMAIL", "ROLE", "STATE", "EXPIRES IN"}}
	for _, r := range rows {
		out = append(out, []string{r.Name, r.Account, r.AccountName, r.Email, r.Role, r.State, command.Left(r.Expiration, now)})
	}
	return out
}

func table(rows []api.Row, now time.Time) [][]string {
	out := [][]string{{"NAME", "KIND", "SOURCE", "ACCOUNT", "DEFINED IN", "STATE", "EXPIRES IN"}}
	for _, r := range rows {
		out = append(out, []string{r.Name, dash(r.Kind), r.Source, r.Account, r.Origin, r.State, command.Left(r.Expiration, now)})
	}
	return out
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
