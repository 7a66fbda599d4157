package agent

import (
	"context"
	"os"

	"fob/internal/api"
	"fob/internal/fob"
	"fob/internal/vault"
	"fob/internal/vault/unlock"
)

// onBus takes the session bus from the front end: the agent's own environment is
// that of the command which happened to start it.
func onBus(ctx context.Context, r *request) context.Context {
	return unlock.WithBus(ctx, r.caller.Bus)
}

func (a *Agent) vaultInit(ctx context.Context, r *request) (any, error) {
	var p api.VaultParams
	if err := r.decode(&p); err != nil {
		return nil, err
	}
	return a.vault.Init(ctx, p.Method, vault.Options{IdentityFile: p.Identity}, r.ui)
}

func (a *Agent) vaultStatus(ctx context.Context, _ *request) (any, error) {
	return a.vault.Status(ctx), nil
}

func (a *Agent) vaultVerify(ctx context.Context, r *request) (any, error) {
	return a.vault.Verify(ctx, r.ui)
}

func (a *Agent) vaultPasswd(ctx context.Context, r *request) (any, error) {
	var p api.VaultParams
	if err := r.decode(&p); err != nil {
		return nil, err
	}
	if p.Method != "" {
		return nil, a.vault.Change(ctx, p.Method, vault.Options{IdentityFile: p.Identity}, r.ui)
	}
	return nil, a.vault.Passwd(ctx, r.ui)
}

func (a *Agent) vaultRestore(ctx context.Context, r *request) (any, error) {
	return nil, a.vault.Restore(ctx, r.ui)
}

// lock forgets the identity, and everything that was opened with it. Files that
// are out go even where there is no vault.
func (a *Agent) lock(ctx context.Context, r *request) (any, error) {
	vault := a.vault.Exists()
	if vault {
		a.broker.Flush()
		a.vault.Lock()
		a.broker.Forget()
	}
	for _, message := range a.written.removeAll() {
		r.ui.Tell(ctx, message)
	}
	if !vault {
		return nil, fob.Errorf(fob.ErrNotFound, "there is no vault to lock").WithHint("fob vault init")
	}
	return nil, nil
}

func (a *Agent) unlock(ctx context.Context, r *request) (any, error) {
	return nil, a.vault.Unlock(ctx, r.ui)
}

func (a *Agent) status(ctx context.Context, _ *request) (any, error) {
	return api.AgentStatus{
		Version: a.version, PID: os.Getpid(), Started: a.started, Socket: a.home.Socket(),
		Vault: a.vault.Status(ctx).State, Cached: len(a.broker.Names()), Written: a.written.list(),
	}, nil
}

// stop ends the agent once this answer is written.
func (a *Agent) stop(ctx context.Context, r *request) (any, error) {
	for _, message := range a.written.end() {
		r.ui.Tell(ctx, message)
	}
	a.broker.Flush()
	a.quit()
	return nil, nil
}
