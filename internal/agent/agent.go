// Package agent is the process behind the socket. It serves front ends, holds the unlocked vault
// and the cache, and writes the audit log. There is one agent for each home.
package agent

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"fob/internal/adopt"
	"fob/internal/agent/prompt"
	"fob/internal/agent/written"
	"fob/internal/audit"
	"fob/internal/broker"
	"fob/internal/delivery"
	ways "fob/internal/delivery/all"
	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/generate"
	"fob/internal/loopback"
	"fob/internal/principal"
	kinds "fob/internal/principal/all"
	"fob/internal/profile"
	"fob/internal/programs"
	"fob/internal/route"
	"fob/internal/vault"
	unlocks "fob/internal/vault/unlock/all"
)

// Agent is the agent of one user.
type Agent struct {
	version string
	home    fob.Home
	started time.Time
	program program
	log     *slog.Logger
	quit    context.CancelFunc

	kinds       []principal.Kind
	ways        []delivery.Way
	files       *profile.Files
	directories *directory.Store
	mover       adopt.Mover
	generator   generate.Generator
	vault       *vault.Store
	broker      *broker.Broker
	routes      route.Pool
	usage       *usage
	written     *written.Register
	prompters   prompt.Registry
	methods     handlers

	conns    sync.WaitGroup
	lastConn atomic.Int64
}

// New makes an agent for a home. quit is called when a front end asks it to end; now is the clock
// by which credentials expire.
func New(home fob.Home, version string, log *slog.Logger, quit context.CancelFunc, now func() time.Time) *Agent {
	a := &Agent{
		version: version, home: home, started: time.Now(), program: thisProgram(), log: log, quit: quit,
		kinds: kinds.Kinds(), ways: ways.Ways(),
		vault: vault.New(home, unlocks.Methods()),
	}
	a.directories = directory.NewStore(home)
	a.files = profile.New(home, a.kinds, a.directories)
	a.mover = adopt.Mover{Home: home, Kinds: a.kinds, Files: a.files}
	a.generator = generate.Generator{Home: home, Files: a.files, Directories: a.directories}
	runner := &programs.Runner{Allowed: home.Programs(), Lock: filepath.Join(home.Locks(), "programs"), Environ: os.Environ()}
	a.broker = &broker.Broker{
		Secrets:  secrets{a.vault},
		Cache:    a.sealedCache,
		LockFile: home.Principals(),
		HTTP:     func(n fob.Network) *http.Client { return a.routes.Client(n, principal.ServerLimit) },
		Network:  a.network,
		Listen:   func(w principal.Answer) (principal.Listener, error) { return loopback.Once(loopback.Want(w)) },
		ReadFile: (&namedFiles{}).read,
		Run: func(ctx context.Context, step broker.Step, ui fob.UI, c principal.Command) (fob.Secret, error) {
			return runner.Run(ctx, programs.For{Profile: step.Profile, Callers: step.Callers, UI: ui}, c)
		},
		Now:    now,
		Record: audit.New(home.Audit(), log).Write,
		Log:    log,
	}
	a.vault.Opened = a.finishInterrupted
	a.usage = &usage{path: home.Usage(), log: log}
	a.written = written.New(home.Written(), home.WrittenLock(), now, log)
	a.methods = a.handlers()
	return a
}

func (a *Agent) sealedCache() (broker.Sealed, error) {
	f, err := a.vault.Cache()
	if err != nil {
		return nil, err
	}
	return f, nil
}

// secrets reads items of the vault.
type secrets struct{ store *vault.Store }

func (s secrets) Get(name string) (fob.Secret, error) {
	if !s.store.Exists() {
		return fob.Secret{}, fob.Errorf(fob.ErrNotFound, "there is no vault, and so no %s", name).WithHint("fob vault init, then fob add --help")
	}
	v, err := s.store.Vault()
	if err != nil {
		return fob.Secret{}, err
	}
	return v.Get(name)
}

// network is how AWS is reached for those who say nothing else: the settings in the
// section [fob] of fob's own file.
func (a *Agent) network() fob.Network {
	proxy := a.files.Setting("proxy")
	return fob.Network{CABundle: a.files.Setting("ca_bundle"), HTTPSProxy: proxy, HTTPProxy: proxy, NoProxy: a.files.Setting("no_proxy")}
}
