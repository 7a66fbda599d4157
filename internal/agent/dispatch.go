package agent

import (
	"context"
	"encoding/json"
	"runtime/debug"

	"fob/internal/api"
	"fob/internal/fob"
)

// request is one call of a front end, decoded as far as every call is alike.
type request struct {
	conn   *conn
	caller api.Caller
	ui     fob.UI
	params json.RawMessage
	// renews is set where nobody asked: a file that is out needs fresh credentials.
	renews *writtenFile
}

func (r *request) decode(params any) error {
	if err := json.Unmarshal(r.params, params); err != nil {
		return fob.Errorf(fob.ErrUsage, "the request's parameters are malformed")
	}
	return nil
}

type handler func(ctx context.Context, r *request) (any, error)

// handlers is the whole of what a front end may ask.
func (a *Agent) handlers() map[string]handler {
	return map[string]handler{
		api.Deliver:     a.deliver,
		api.List:        a.list,
		api.Show:        a.show,
		api.Choices:     a.choices,
		api.Outlook:     a.outlook,
		api.WhoAmI:      a.whoami,
		api.Kinds:       a.listKinds,
		api.Add:         a.add,
		api.Remove:      a.remove,
		api.Adopt:       a.adopt,
		api.Release:     a.release,
		api.VaultInit:   a.vaultInit,
		api.VaultStatus: a.vaultStatus,
		api.VaultVerify: a.vaultVerify,
		api.VaultPasswd: a.vaultPasswd,
		api.VaultUndo:   a.vaultRestore,
		api.Login:       a.login,
		api.Logout:      a.logout,
		api.Sync:        a.sync,
		api.Roles:       a.roles,
		api.Generate:    a.generate,
		api.Complete:    a.complete,
		api.TakeAway:    a.takeAway,
		api.Lock:        a.lock,
		api.Unlock:      a.unlock,
		api.Status:      a.status,
		api.Stop:        a.stop,
	}
}

func (a *Agent) dispatch(ctx context.Context, c *conn, m *api.Message) (result any, err error) {
	defer func() {
		if p := recover(); p != nil { // one request's fault must not end the agent
			a.log.Error("request panicked", "method", m.Method, "stack", string(debug.Stack())) // without p, which may quote anything
			err = fob.Errorf(fob.ErrInternal, "a fault of fob's while answering %q", m.Method)
		}
	}()
	handle, known := a.methods[m.Method]
	var common api.Empty
	if err := json.Unmarshal(m.Params, &common); err != nil {
		return nil, fob.Errorf(fob.ErrUsage, "the request's parameters are malformed")
	}
	if v := common.Caller.Version; v != a.version && m.Method != api.Stop && m.Method != api.Status {
		return nil, fob.Errorf(fob.ErrVersion, "the running agent is version %s, and this fob is %s", a.version, v).
			WithHint("fob agent stop")
	}
	if !known {
		return nil, fob.Errorf(fob.ErrVersion, "the agent does not know the request %q", m.Method)
	}
	r := &request{conn: c, caller: common.Caller, ui: c.ui(), params: m.Params}
	return handle(onBus(ctx, r), r)
}

// unlocked makes the vault usable for a request that needs it or its cache.
func (a *Agent) unlocked(ctx context.Context, ui fob.UI) error {
	if _, err := a.vault.Vault(); err == nil {
		return nil // without a look at the disk, for this is asked all the time
	}
	if !a.vault.Exists() {
		return nil // definitions in the AWS files work without a vault
	}
	return a.vault.EnsureUnlocked(ctx, ui)
}
