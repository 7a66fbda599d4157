package agent

import (
	"context"
	"os"

	"fob/internal/api"
)

// hello describes this agent. Front ends of every protocol read the answer, so members may be added
// but not changed.
func (a *Agent) hello(_ context.Context, _ *request, _ api.Empty) (api.Hello, error) {
	return a.introduction(a.written.List()), nil
}

func (a *Agent) introduction(written []api.Written) api.Hello {
	return api.Hello{
		Protocol: api.Protocol, Capabilities: []string{api.Prompters},
		Version: a.version, Started: a.started, Program: a.program.path, Changed: a.program.changed(),
		Vault: a.vaultState(), Files: len(written),
	}
}

func (a *Agent) status(_ context.Context, _ *request, _ api.Empty) (api.AgentStatus, error) {
	written := a.written.List()
	return api.AgentStatus{
		Hello: a.introduction(written),
		PID:   os.Getpid(), Socket: a.home.Socket(), Prompters: a.prompters.Names(), Cached: len(a.broker.Names()), Written: written,
	}, nil
}

// stop ends the agent after this answer is sent.
func (a *Agent) stop(ctx context.Context, r *request, _ api.Empty) (api.Empty, error) {
	for _, message := range a.written.Close() {
		r.ui.Tell(ctx, message)
	}
	a.broker.Flush()
	a.quit()
	return api.Empty{}, nil
}

// program is the running program's file, as it was when the agent started.
type program struct {
	path string
	info os.FileInfo // nil if it could not be read
}

func thisProgram() program {
	path, err := os.Executable()
	if err != nil {
		return program{}
	}
	info, err := os.Stat(path)
	if err != nil {
		return program{path: path}
	}
	return program{path, info}
}

// changed reports whether the file was replaced or removed since, as an upgrade of a package does.
func (p program) changed() bool {
	if p.info == nil {
		return false
	}
	now, err := os.Stat(p.path)
	return err != nil || !os.SameFile(p.info, now) || now.Size() != p.info.Size() || !now.ModTime().Equal(p.info.ModTime())
}
