package agent

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"fob/internal/api"
	"fob/internal/broker"
	"fob/internal/chain"
	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/profile"
	"fob/internal/quote"
)

// deliver delivers credentials.
func (a *Agent) deliver(ctx context.Context, r *request, p api.DeliverParams) (fob.Delivery, error) {
	way, err := delivery.Find(a.ways, p.Way)
	if err != nil {
		return fob.Delivery{}, err
	}
	c, err := a.principalChain(p.Name, r)
	if err != nil {
		return fob.Delivery{}, err
	}
	if way.Chosen && r.renews == nil {
		if err := a.warnOfShadows(ctx, r, c[0].Profile.Name); err != nil {
			return fob.Delivery{}, err
		}
	}
	d, err := way.Hand(ctx, a.grant(r, &p, c))
	if err == nil && way.Chosen && r.renews == nil {
		a.usage.used(c[0].Profile.Name, time.Now())
	}
	return d, err
}

// chain resolves a name to its steps, with the AWS files named in the caller's environment.
func (a *Agent) chain(name string, paths fob.Paths) (chain.Chain, error) {
	return a.definitions(paths).Resolve(name)
}

// definitions returns a lookup of definitions that reads the files once, so that a chain is
// consistent.
func (a *Agent) definitions(paths fob.Paths) chain.Definitions {
	view := sync.OnceValues(func() (*profile.View, error) { return a.files.At(paths) })
	return chain.Definitions{Kinds: a.kinds, Lookup: func(ref string) (fob.Profile, error) {
		v, err := view()
		if err != nil {
			return fob.Profile{}, err
		}
		return v.Lookup(ref)
	}}
}

// principalChain resolves a profile's name. A sign-in is refused: its bearer token is not an AWS
// credential and is never delivered.
func (a *Agent) principalChain(name string, r *request) (chain.Chain, error) {
	c, err := a.chain(name, r.caller.Paths)
	if err != nil {
		return nil, err
	}
	if signIn := c[0]; signIn.Kind.Yields(signIn.Profile) == principal.BearerToken {
		return nil, fob.Errorf(fob.ErrUsage, "%s is a sign-in and not a role", signIn.Profile.Name).
			WithHint("%s/ACCOUNT/ROLE; fob list %s shows them", signIn.Profile.Name, signIn.Profile.Name)
	}
	callers := r.callers()
	for _, step := range c {
		if slices.Contains(callers, step.Profile.Name) {
			return nil, fob.Errorf(fob.ErrUsage, "profile %q runs a program for its credentials, and that program asks fob for them again", step.Profile.Name).
				WithHint("let the program ask for another profile, or remove it: fob show %s", quote.Word(step.Profile.Name))
		}
	}
	return c, nil
}

// whoami calls GetCallerIdentity.
func (a *Agent) whoami(ctx context.Context, r *request, p api.NameParams) (api.Identity, error) {
	if err := a.unlocked(ctx, r.ui); err != nil {
		return api.Identity{}, err
	}
	c, err := a.principalChain(p.Name, r)
	if err != nil {
		return api.Identity{}, err
	}
	if err := a.warnOfShadows(ctx, r, c[0].Profile.Name); err != nil {
		return api.Identity{}, err
	}
	req := fob.Request{Profile: p.Name, Way: "whoami", Callers: r.callers(), Paths: r.caller.Paths, Environment: r.caller.Environment, Caller: r.conn.caller}
	creds, err := a.broker.Credentials(ctx, c, req, r.ui)
	if err != nil {
		return api.Identity{}, err
	}
	plan, err := a.broker.Plan(c, req)
	if err != nil {
		return api.Identity{}, err
	}
	out, err := principal.STS(plan[0].Profile, a.broker.Env(plan[0], r.ui), creds).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return api.Identity{}, principal.ExplainKeys(p.Name, "fob show "+quote.Word(p.Name), "identity of profile "+p.Name, err)
	}
	id := api.Identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), UserID: aws.ToString(out.UserId)}
	if !creds.Expiration.IsZero() {
		id.Expiration = &creds.Expiration
	}
	return id, nil
}

// list lists all definitions. It reads no secret, so it needs no vault.
func (a *Agent) list(ctx context.Context, r *request, p api.ListParams) ([]api.Row, error) {
	profiles, err := a.files.List(r.caller.Paths)
	if err != nil {
		return nil, err
	}
	cached := a.broker.Names()
	sessions, err := a.files.SignIns(r.caller.Paths)
	if err != nil {
		return nil, err
	}
	damage, err := a.files.Damage(r.caller.Paths)
	if err != nil {
		return nil, err
	}
	tellWarnings(ctx, r, damage)
	if err := a.warnOfShadows(ctx, r, ""); err != nil {
		return nil, err
	}
	rows := make([]api.Row, len(profiles), len(profiles)+len(sessions))
	for _, s := range sessions {
		rows = append(rows, a.sessionRow(s, r.caller.Paths))
	}
	for i, one := range profiles {
		row := api.Row{Name: one.Name, Origin: string(one.Origin), Region: one.Get("region")}
		if k, err := principal.Find(a.kinds, one); err == nil {
			row.Kind, row.Account = k.Name, k.AccountIn(one)
			if k.Source != nil {
				row.Source = a.sourceName(k.Source(one))
			}
		}
		if cached[one.Name] {
			row.State, row.Expiration = a.cachedState(one.Name, r.caller.Paths)
		}
		rows[i] = row
	}
	if p.Filter == "" {
		return rows, nil
	}
	return slices.DeleteFunc(rows, func(row api.Row) bool { return !matches(row, p.Filter) }), nil
}

func (a *Agent) cachedState(name string, paths fob.Paths) (string, *time.Time) {
	plan, err := a.plan(name, fob.Request{Paths: paths})
	if err != nil {
		return "", nil
	}
	if exp, ok := a.broker.Peek(plan); ok {
		return "cached", &exp
	}
	return "", nil
}

// plan resolves a name and plans the chain.
func (a *Agent) plan(name string, req fob.Request) (broker.Plan, error) {
	c, err := a.chain(name, req.Paths)
	if err != nil {
		return nil, err
	}
	req.Profile = name
	return a.broker.Plan(c, req)
}

// sourceName returns the name to show for a reference: a sign-in's without its section's type.
func (a *Agent) sourceName(ref string) string {
	for _, k := range a.kinds {
		name, ok := k.Deref(ref)
		if !ok {
			continue
		}
		if k.Group != nil {
			if short, _, inline := k.Group.Definition(name); inline {
				return short
			}
		}
		return name
	}
	return ref
}

// show prints a definition as it is in effect, secrets hidden.
func (a *Agent) show(ctx context.Context, r *request, p api.NameParams) (api.Definition, error) {
	profile, err := a.files.Lookup(p.Name, r.caller.Paths)
	if err != nil {
		return api.Definition{}, err
	}
	if err := a.warnOfShadows(ctx, r, profile.Name); err != nil {
		return api.Definition{}, err
	}
	d := api.Definition{Name: profile.Name, Origin: string(profile.Origin), Path: profile.Path, Keys: map[string]any{}}
	if k, err := principal.Find(a.kinds, profile); err == nil {
		d.Kind, d.Section = k.Name, k.SectionType()
		if limits := k.LimitsOf(profile); limits != "" {
			r.ui.Tell(ctx, limits)
		}
	}
	for key, value := range profile.Keys {
		d.Keys[key] = value
	}
	for key, block := range profile.Nested {
		d.Keys[key] = block
	}
	for key := range profile.Secrets {
		d.Keys[key] = fob.Redacted
	}
	return d, nil
}
