// Package agent has fob agent: the status of the running agent, and its end.
package agent

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/fob"
)

// NewAgent makes fob agent.
func NewAgent(a *command.App) *cobra.Command {
	return command.Group("agent", newAgentStatus(a), newAgentStop(a))
}

func newAgentStatus(a *command.App) *cobra.Command {
	var asJSON bool
	c := command.New("agent status", func(cmd *cobra.Command, _ []string) error {
		status, err := askRunning(cmd.Context(), a, api.Status)
		if errors.Is(err, fob.ErrVersion) {
			return introduced(cmd.Context(), a, err, asJSON)
		}
		if err != nil {
			return err
		}
		if err := a.Report(status, asJSON, "written", "files"); err != nil {
			return err
		}
		if upgrade := status.Upgrade(); upgrade != "" {
			a.Tell(upgrade)
		}
		if asJSON || len(status.Written) == 0 {
			return nil
		}
		rows := [][]string{{"WRITTEN FILE", "PROFILE", "SECTION", "EXPIRES IN"}}
		for _, f := range status.Written {
			rows = append(rows, []string{f.Path, f.Profile, f.Section, command.Left(&f.Expiration, time.Now())})
		}
		a.Printf("\n")
		return a.PrintTable(rows)
	})
	command.JSONFlag(c, &asJSON)
	return c
}

// introduced prints what an agent of another protocol says of itself; mismatch is why
// it says no more.
func introduced(ctx context.Context, a *command.App, mismatch error, asJSON bool) error {
	hello, err := askRunning(ctx, a, api.Greet)
	if err != nil {
		return mismatch
	}
	a.Tell(mismatch.Error())
	return a.Report(hello, asJSON)
}

func newAgentStop(a *command.App) *cobra.Command {
	return command.New("agent stop", func(cmd *cobra.Command, _ []string) error {
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
	client, err := a.Running(home)
	if _, e := os.Lstat(home.Written()); e != nil || !errors.Is(err, api.ErrNoAgent) {
		return client, err
	}
	client, err = api.Open(home, a.Environ, false, a.Caller, a.UI())
	if err != nil || !a.Alone() {
		return client, err
	}
	if err := api.End(ctx, client); err != nil { // FOB_AGENT=off: it must not stay
		return nil, err
	}
	return nil, api.ErrNoAgent
}

// askRunning sends a request to a running agent. Error [fob.ErrNotFound] if none runs.
func askRunning[R any](ctx context.Context, a *command.App, method api.Method[api.Empty, R]) (answer R, err error) {
	home, err := fob.HomeFrom(a.Getenv)
	if err != nil {
		return answer, err
	}
	for range 2 { // as for fob agent stop
		var client *api.Client
		client, err = running(ctx, a, home)
		if errors.Is(err, api.ErrNoAgent) {
			return answer, fob.Errorf(fob.ErrNotFound, "no agent is running").WithHint("any command that needs one starts it; fob list")
		}
		if err == nil {
			answer, err = api.Call(ctx, client, method, api.Empty{})
			client.Close()
		}
		if !api.IsLost(err) {
			break
		}
	}
	return answer, err
}
