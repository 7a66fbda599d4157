package agent

import (
	"context"

	"fob/internal/api"
	"fob/internal/fob"
	"fob/internal/vault"
	"fob/internal/vault/unlock"
)

// onBus adds the front end's session bus: the agent's own environment is that of the command which
// happened to start it.
func onBus(ctx context.Context, r *request) context.Context {
	return unlock.WithBus(ctx, r.caller.Bus)
}

func (a *Agent) vaultInit(ctx context.Context, r *request, p api.VaultParams) (api.VaultState, error) {
	st, err := a.vault.Init(ctx, p.Method, vault.Options{IdentityFile: p.Identity}, r.ui)
	return api.VaultState(st), err
}

func (a *Agent) vaultStatus(ctx context.Context, _ *request, _ api.Empty) (api.VaultState, error) {
	return api.VaultState(a.vault.Status(ctx)), nil
}

func (a *Agent) vaultVerify(ctx context.Context, r *request, _ api.Empty) (api.VaultReport, error) {
	v, err := a.vault.Verify(ctx, r.ui)
	return api.VaultReport{OK: v.OK, Vault: api.SealedFile(v.Vault), Backup: api.SealedFile(v.Backup), Cache: api.SealedFile(v.Cache)}, err
}

func (a *Agent) vaultPasswd(ctx context.Context, r *request, p api.VaultParams) (api.Empty, error) {
	if p.Method != "" {
		return api.Empty{}, a.vault.Change(ctx, p.Method, vault.Options{IdentityFile: p.Identity}, r.ui)
	}
	return api.Empty{}, a.vault.Passwd(ctx, r.ui)
}

func (a *Agent) vaultRestore(ctx context.Context, r *request, _ api.Empty) (api.Empty, error) {
	return api.Empty{}, a.vault.Restore(ctx, r.ui)
}

// vaultState tells whether the vault is open, without reading it.
func (a *Agent) vaultState() string {
	if _, err := a.vault.Vault(); err == nil {
		return vault.Unlocked
	}
	if a.vault.Exists() {
		return vault.Locked
	}
	return vault.None
}

// lock locks the vault and clears the cache. Written files are deleted even without a vault.
func (a *Agent) lock(ctx context.Context, r *request, _ api.Empty) (api.Empty, error) {
	vault := a.vault.Exists()
	if vault {
		a.broker.Flush()
		a.vault.Lock()
		a.broker.Forget()
	}
	for _, message := range a.written.DeleteAll() {
		r.ui.Tell(ctx, message)
	}
	if !vault {
		return api.Empty{}, fob.Errorf(fob.ErrNotFound, "there is no vault to lock").WithHint("fob vault init")
	}
	return api.Empty{}, nil
}

func (a *Agent) unlock(ctx context.Context, r *request, _ api.Empty) (api.Empty, error) {
	if err := a.vault.Unlock(ctx, r.ui); err != nil {
		return api.Empty{}, err
	}
	if v, err := a.vault.Vault(); err == nil { // it was open already, when another process was killed
		a.finishInterrupted(ctx, v)
	}
	return api.Empty{}, nil
}
