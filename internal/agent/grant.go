package agent

import (
	"context"
	"net/http"
	"time"

	"fob/internal/agent/written"
	"fob/internal/api"
	"fob/internal/chain"
	"fob/internal/delivery"
	"fob/internal/delivery/console"
	"fob/internal/delivery/exec"
	"fob/internal/delivery/token"
	"fob/internal/delivery/write"
	"fob/internal/fob"
	"fob/internal/principal"
)

// grant is what a delivery gets for one request.
func (a *Agent) grant(r *request, p *api.DeliverParams, c chain.Chain) delivery.Grant {
	profile := c[0].Profile
	in := principal.Partition(profile)
	if p.Narrow.Region != "" {
		profile = profile.With("region", p.Narrow.Region)
	}
	o := &offer{agent: a, request: r, params: p, chain: c}
	return delivery.Grant{
		Profile: profile, Partition: in, Narrow: p.Narrow, Options: p.Options, Now: a.broker.Now(), Agent: o,
		Credentials: func(ctx context.Context) (fob.Credentials, error) {
			return o.Narrowed(ctx, p.Narrow, time.Duration(p.MinValid)*time.Second)
		},
	}
}

// offer is what the agent offers to some deliveries, for one request.
type offer struct {
	agent   *Agent
	request *request
	params  *api.DeliverParams
	chain   chain.Chain
}

var (
	_ console.Needs = (*offer)(nil)
	_ exec.Needs    = (*offer)(nil)
	_ token.Needs   = (*offer)(nil)
	_ write.Needs   = (*offer)(nil)
)

func (o *offer) ask(n fob.Narrow, minValid time.Duration) fob.Request {
	return fob.Request{Profile: o.chain[0].Profile.Name, Way: o.params.Way, NoSession: o.params.NoSession, MinValid: minValid, Narrow: n,
		Patience: time.Duration(o.params.Patience) * time.Millisecond,
		Paths:    o.request.caller.Paths, Environment: o.request.caller.Environment, Caller: o.request.conn.caller, Callers: o.request.callers()}
}

func (o *offer) Narrowed(ctx context.Context, n fob.Narrow, minValid time.Duration) (fob.Credentials, error) {
	if err := o.agent.unlocked(ctx, o.request.ui); err != nil {
		return fob.Credentials{}, err
	}
	return o.agent.broker.Credentials(ctx, o.chain, o.ask(n, minValid), o.request.ui)
}

func (o *offer) Lineage(n fob.Narrow) (fob.Lineage, error) {
	plan, err := o.agent.broker.Plan(o.chain, o.ask(n, 0))
	if err != nil {
		return fob.LineageOther, err
	}
	return plan.Lineage(), nil
}

func (o *offer) Account() string           { return o.chain[0].Kind.AccountIn(o.chain[0].Profile) }
func (o *offer) Setting(key string) string { return o.agent.files.Setting(key) }
func (o *offer) Exe() string               { return o.request.caller.Exe }
func (o *offer) Paths() fob.Paths          { return o.request.caller.Paths }
func (o *offer) Home() fob.Home            { return o.agent.home }

// HTTP is the client for the way's own calls, which reach AWS as retrievals do.
func (o *offer) HTTP() *http.Client {
	plan, err := o.agent.broker.Plan(o.chain, o.ask(o.params.Narrow, 0))
	if err != nil {
		return o.agent.broker.HTTP(o.agent.network()) // whoever retrieves is told
	}
	return o.agent.broker.HTTP(plan[0].Network)
}

// Files lets the request write files. To refresh a file the same request is made again, without
// prompts.
func (o *offer) Files() (write.Files, bool) {
	w, ok := o.agent.written.Writer()
	if !ok {
		return nil, false
	}
	again := request{conn: &conn{caller: o.request.conn.caller}, caller: o.request.caller}
	w.Profile, w.Renews = o.chain[0].Profile.Name, o.request.renews
	w.Again = func(ctx context.Context, f *written.File) error {
		same := again
		same.renews = f
		_, err := o.agent.deliver(ctx, &same, *o.params)
		return err
	}
	w.Tell = func(message string) { o.request.ui.Tell(context.Background(), message) } // it does not block
	return w, true
}
