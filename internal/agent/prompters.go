package agent

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"fob/internal/agent/prompt"
	"fob/internal/api"
	"fob/internal/fob"
)

// maxPrompter is the longest name of a prompter, in bytes.
const maxPrompter = 64

// bePrompter registers a connection as a prompter, until it ends.
func (a *Agent) bePrompter(_ context.Context, r *request, p api.PrompterParams) (api.Empty, error) {
	if p.Name == "" || len(p.Name) > maxPrompter || strings.ContainsFunc(p.Name, unicode.IsControl) {
		return api.Empty{}, fob.Errorf(fob.ErrUsage, "a prompter's name has 1 to %d bytes, and no control characters", maxPrompter)
	}
	all := r.conn.ui()
	ui := fob.UI{ID: all.ID}
	if slices.Contains(p.Can, api.CanAsk) {
		ui.AskFunc = all.AskFunc
	}
	if slices.Contains(p.Can, api.CanConfirm) {
		ui.ConfirmFunc = all.ConfirmFunc
	}
	if slices.Contains(p.Can, api.CanOpen) {
		ui.OpenFunc = all.OpenFunc
	}
	if ui.AskFunc == nil && ui.ConfirmFunc == nil && ui.OpenFunc == nil {
		return api.Empty{}, fob.Errorf(fob.ErrUsage, "prompter %q can do nothing that is asked of one: %s, %s, %s", p.Name, api.CanAsk, api.CanConfirm, api.CanOpen)
	}
	a.prompters.Register(prompt.Prompter{Name: p.Name, UI: ui})
	a.log.Info("a prompter registered", "name", p.Name, "pid", r.conn.caller.PID, "exe", r.conn.caller.Exe)
	return api.Empty{}, nil
}

// person returns the UI for a request: the caller's own front end, else the prompters.
func (a *Agent) person(c *conn, m *api.Message) fob.UI {
	return a.prompters.UI(c.ui(), func() fob.Asker {
		var named struct {
			Name string `json:"name"`
		}
		_ = json.Unmarshal(m.Params, &named) // fails for methods without a profile
		return fob.Asker{Profile: named.Name, Request: m.Method, Program: c.caller, Parent: parentOf(c.caller.PID)}
	})
}
