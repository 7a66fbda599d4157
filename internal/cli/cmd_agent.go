//go:build !heartbeat

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/fob"
)

func (a *app) newAgent() *cobra.Command {
	return a.group("agent", a.newAgentStatus(), a.newAgentStop())
}

func (a *app) newAgentStatus() *cobra.Command {
	var asJSON bool
	c := a.command("agent status", func(cmd *cobra.Command, _ []string) error {
		var facts map[string]any
		if err := a.askRunning(cmd.Context(), api.Status, &facts); err != nil {
			return err
		}
		if asJSON {
			return a.report(facts, true)
		}
		out, err := writtenRows(facts)
		if err == nil {
			err = a.report(facts, false)
		}
		if err != nil || len(out) == 1 {
			return err
		}
		a.printf("\n")
		return a.printTable(out)
	})
	jsonFlag(c, &asJSON)
	return c
}

// writtenRows takes the files that are out from an agent's facts, for a table of
// their own.
func writtenRows(facts map[string]any) ([][]string, error) {
	rows := [][]string{{"WRITTEN FILE", "PROFILE", "SECTION", "EXPIRES IN"}}
	text, err := json.Marshal(facts["written"])
	var files []api.Written
	if err == nil {
		err = json.Unmarshal(text, &files)
	}
	delete(facts, "written")
	for _, f := range files {
		rows = append(rows, []string{f.Path, f.Profile, f.Section, left(&f.Expiration, time.Now())})
	}
	return rows, err
}

func (a *app) newAgentStop() *cobra.Command {
	return a.command("agent stop", func(cmd *cobra.Command, _ []string) error {
		home, err := fob.HomeFrom(a.getenv)
		if err != nil {
			return err
		}
		for range 2 { // an agent that was killed a moment ago takes connections still
			client, err := a.running(cmd.Context(), home)
			if errors.Is(err, api.ErrNoAgent) {
				a.tell("no agent is running")
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

// running connects to the agent that is running. Where none is, but one that was
// killed has left files of credentials, one is started: it takes them away.
func (a *app) running(ctx context.Context, home fob.Home) (*api.Client, error) {
	client, err := api.Running(home, api.Caller{}, a.ui())
	if _, e := os.Lstat(home.Written()); e != nil || !errors.Is(err, api.ErrNoAgent) {
		return client, err
	}
	client, err = api.Open(home, a.environ, false, api.Caller{}, a.ui())
	if err != nil || !a.alone() {
		return client, err
	}
	if err := api.End(ctx, client); err != nil { // none is wanted here
		return nil, err
	}
	return nil, api.ErrNoAgent
}

// askRunning asks the agent that is running.
func (a *app) askRunning(ctx context.Context, method any, result any) error {
	home, err := fob.HomeFrom(a.getenv)
	if err != nil {
		return err
	}
	for range 2 { // as above
		a.client, err = a.running(ctx, home)
		if errors.Is(err, api.ErrNoAgent) {
			return fob.Errorf(fob.ErrNotFound, "no agent is running").WithHint("any command that needs one starts it; fob list")
		}
		if err == nil {
			err = a.client.Call(ctx, method, &api.Empty{}, result)
		}
		if !api.IsLost(err) {
			return err
		}
	}
	return err
}
