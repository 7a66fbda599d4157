package agent

import (
	"context"
	"encoding/json"
	"runtime/debug"

	"fob/internal/agent/written"
	"fob/internal/api"
	"fob/internal/fob"
	"fob/internal/programs"
)

// request is one call of a front end, with its caller and the way to its user.
type request struct {
	conn   *conn
	caller api.Caller
	ui     fob.UI
	// renews is set for the refresh of a written file, which nobody asked for.
	renews *written.File
}

// callers are the profiles whose programs have called fob for this request.
func (r *request) callers() []string { return programs.Callers(r.caller.CalledFor) }

// handler answers one method; it decodes the parameters and encodes the result.
type handler func(ctx context.Context, r *request, params json.RawMessage) (json.RawMessage, error)

// handlers are the methods that front ends may call.
type handlers map[string]handler

// handle registers the function for a method.
func handle[P, R any](to handlers, m api.Method[P, R], do func(context.Context, *request, P) (R, error)) {
	to[string(m)] = func(ctx context.Context, r *request, raw json.RawMessage) (json.RawMessage, error) {
		var params P
		if err := json.Unmarshal(raw, &params); err != nil {
			return nil, malformed()
		}
		result, err := do(ctx, r, params)
		if err != nil {
			return nil, err
		}
		return json.Marshal(result)
	}
}

func malformed() error { return fob.Errorf(fob.ErrUsage, "the request's parameters are malformed") }

// handlers returns all methods that front ends may call.
func (a *Agent) handlers() handlers {
	h := handlers{}
	handle(h, api.Greet, a.hello)
	handle(h, api.Deliver, a.deliver)
	handle(h, api.List, a.list)
	handle(h, api.Show, a.show)
	handle(h, api.Choices, a.choices)
	handle(h, api.ProfileStatus, a.profileStatus)
	handle(h, api.WhoAmI, a.whoami)
	handle(h, api.Kinds, a.listKinds)
	handle(h, api.Add, a.add)
	handle(h, api.Remove, a.remove)
	handle(h, api.Adopt, a.adopt)
	handle(h, api.Release, a.release)
	handle(h, api.VaultInit, a.vaultInit)
	handle(h, api.VaultStatus, a.vaultStatus)
	handle(h, api.VaultVerify, a.vaultVerify)
	handle(h, api.VaultPasswd, a.vaultPasswd)
	handle(h, api.VaultUndo, a.vaultRestore)
	handle(h, api.Login, a.login)
	handle(h, api.Logout, a.logout)
	handle(h, api.Sync, a.sync)
	handle(h, api.Roles, a.roles)
	handle(h, api.Generate, a.generate)
	handle(h, api.Complete, a.complete)
	handle(h, api.DeleteWritten, a.deleteWritten)
	handle(h, api.Lock, a.lock)
	handle(h, api.Unlock, a.unlock)
	handle(h, api.Status, a.status)
	handle(h, api.Stop, a.stop)
	handle(h, api.BePrompter, a.bePrompter)
	return h
}

// anyProtocol reports whether a method is answered for every protocol number: those by which a
// front end detects the difference, and ends the agent.
func anyProtocol(method string) bool {
	return method == string(api.Greet) || method == string(api.Stop)
}

func (a *Agent) dispatch(ctx context.Context, c *conn, m *api.Message) (result json.RawMessage, err error) {
	defer func() {
		if p := recover(); p != nil { // a fault in one request must not end the agent
			a.log.Error("request panicked", "method", m.Method, "stack", string(debug.Stack())) // p is not logged, because it may contain anything
			err = fob.Errorf(fob.ErrInternal, "a fault of fob's while answering %q", m.Method)
		}
	}()
	var caller api.Caller
	if m.Caller != nil {
		caller = *m.Caller
	}
	if caller.Protocol != api.Protocol && !anyProtocol(m.Method) {
		return nil, fob.Errorf(fob.ErrVersion, "the fob-agent that is running, version %s, speaks protocol %d, and this fob speaks %d", a.version, api.Protocol, caller.Protocol).
			WithHint("install fob and fob-agent of one release, then fob agent stop")
	}
	handle, known := a.methods[m.Method]
	if !known {
		return nil, fob.Errorf(fob.ErrVersion, "the fob-agent that is running, version %s, does not know the request %q", a.version, m.Method).
			WithHint("fob agent stop; the next command starts the agent that is installed")
	}
	if err := checkOwn(a.home); err != nil && !anyProtocol(m.Method) {
		return nil, err
	}
	r := &request{conn: c, caller: caller, ui: a.person(c, m)}
	return handle(onBus(ctx, r), r, m.Params)
}

// unlocked makes the vault usable for a request that needs it or the cache.
func (a *Agent) unlocked(ctx context.Context, ui fob.UI) error {
	if _, err := a.vault.Vault(); err == nil {
		return nil // without reading the disk, because this is called for every request
	}
	if !a.vault.Exists() {
		return nil // definitions in the AWS files work without a vault
	}
	return a.vault.EnsureUnlocked(ctx, ui)
}
