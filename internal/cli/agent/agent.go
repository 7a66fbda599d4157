package agent

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/fob"
)

func NewAgent(a *command.App) *cobra.Command {
	return a.Group("agent", newAgentStatus(a), newAgentStop(a))
}

func newAgentStatus(a *command.App) *cobra.Command {
	var asJSON bool
	c := a.Command("agent status", func(cmd *cobra.Command, _ []string) error {
		var facts map[string]any
		if err := askRunning(cmd.Context(), a, api.Status, &facts); err != nil {
			return err
		}
		if asJSON {
			return a.Report(facts, true)
		}
		out, err := writtenRows(facts)
		if err == nil {
			err = a.Report(facts, false)
		}
		if err != nil || len(out) == 1 {
			return err
		}
		a.Printf("\n")
		return a.PrintTable(out)
	})
	command.JSONFlag(c, &asJSON)
	return c
}

// writtenRows moves the files that fob write has created from an agent's status into a table
// of their own.
func writtenRows(facts map[string]any) ([][]string, error) {
	rows := [][]string{{"WRITTEN FILE", "PROFILE", "SECTION", "EXPIRES IN"}}
	text, err := json.Marshal(facts["written"])
	var files []api.Written
	if err == nil {
		err = json.Unmarshal(text, &files)
	}
	delete(facts, "written")
	for _, f := range files {
		rows = append(rows, []string{f.Path, f.Profile, f.Section, command.Left(&f.Expiration, time.Now())})
	}
	return rows, err
}

func newAgentStop(a *command.App) *cobra.Command {
	return a.Command("agent stop", func(cmd *cobra.Command, _ []string) error {
		home, err := fob.HomeFrom(a.Getenv)
		if err != nil {
			return err
		}
		for range 2 { // the socket of an agent that is just being killed still accepts a connection
			client, err := running(cmd.Context(), a, home)
			if errors.Is(err, api.ErrNoAgent) {
				a.Tell("no agent is running")
				return nil
			}
			if err == nil {
				err = api.End(cmd.Context(), client)
			}
			if _, e := os.Lstat(home.Written()); err != nil || e != nil {
				return err
			}
		}
		return nil
	})
}

// running connects to a running agent. If none runs, but a killed one has left files of
// fob write, it starts one, which deletes them. Error [api.ErrNoAgent] if none runs.
func running(ctx context.Context, a *command.App, home fob.Home) (*api.Client, error) {
	client, err := api.Running(home, api.Caller{}, a.UI())
	if _, e := os.Lstat(home.Written()); e != nil || !errors.Is(err, api.ErrNoAgent) {
		return client, err
	}
	client, err = api.Open(home, a.Environ, false, api.Caller{}, a.UI())
	if err != nil || !a.Alone() {
		return client, err
	}
	if err := api.End(ctx, client); err != nil { // FOB_AGENT=off: it must not stay
		return nil, err
	}
	return nil, api.ErrNoAgent
}

// askRunning sends a request to a running agent. Error [fob.ErrNotFound] if none runs.
func askRunning(ctx context.Context, a *command.App, method any, result any) error {
	home, err := fob.HomeFrom(a.Getenv)
	if err != nil {
		return err
	}
	for range 2 { // as for fob agent stop
		var client *api.Client
		client, err = running(ctx, a, home)
		if errors.Is(err, api.ErrNoAgent) {
			return fob.Errorf(fob.ErrNotFound, "no agent is running").WithHint("any command that needs one starts it; fob list")
		}
		if err == nil {
			err = client.Call(ctx, method, &api.Empty{}, result)
			client.Close()
		}
		if !api.IsLost(err) {
			return err
		}
	}
	return err
}
