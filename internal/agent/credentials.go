package agent

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"fob/internal/api"
	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/partition"
	"fob/internal/principal"
)

// deliver hands over credentials in one of the ways.
func (a *Agent) deliver(ctx context.Context, r *request, p api.DeliverParams) (fob.Delivery, error) {
	way, err := delivery.Find(a.ways, p.Way)
	if err != nil {
		return fob.Delivery{}, err
	}
	profile, err := a.lookup(p.Name, r)
	if err != nil {
		return fob.Delivery{}, err
	}
	d, err := way.Hand(ctx, a.grant(r, &p, profile))
	if err == nil && way.Chosen && r.renews == nil {
		a.usage.used(profile.Name, a.clock.Now())
	}
	return d, err
}

// lookup finds the definition of a principal. A sign-in is none: its bearer token
// is for the portal, and leaves in no way.
func (a *Agent) lookup(name string, r *request) (fob.Profile, error) {
	profile, err := a.files.Lookup(name, r.caller.Paths)
	if err != nil {
		return profile, err
	}
	if kind, err := principal.Find(a.kinds, profile); err == nil && kind.SignOut != nil {
		return profile, fob.Errorf(fob.ErrUsage, "%s is a sign-in and not a role", profile.Name).
			WithHint("%s/ACCOUNT/ROLE; fob list %s shows them", profile.Name, profile.Name)
	}
	return profile, nil
}

// grant is what a way gets for one request.
func (a *Agent) grant(r *request, p *api.DeliverParams, profile fob.Profile) delivery.Grant {
	in := principal.Partition(profile)
	if p.Narrow.Region != "" {
		profile = profile.With("region", p.Narrow.Region)
	}
	ask := func(n fob.Narrow, minValid time.Duration) fob.Request {
		return fob.Request{Profile: profile.Name, Way: p.Way, NoSession: p.NoSession, MinValid: minValid, Narrow: n,
			Patience: time.Duration(p.Patience) * time.Millisecond,
			Paths:    r.caller.Paths, Caller: r.conn.caller}
	}
	narrowed := func(ctx context.Context, n fob.Narrow, minValid time.Duration) (fob.Credentials, error) {
		if err := a.unlocked(ctx, r.ui); err != nil {
			return fob.Credentials{}, err
		}
		return a.broker.Credentials(ctx, ask(n, minValid), r.ui)
	}
	return delivery.Grant{
		Profile: profile,
		Credentials: func(ctx context.Context) (fob.Credentials, error) {
			return narrowed(ctx, p.Narrow, time.Duration(p.MinValid)*time.Second)
		},
		Narrowed: narrowed,
		Lineage: func(n fob.Narrow) (fob.Lineage, error) {
			plan, err := a.broker.Plan(ask(n, 0))
			if err != nil {
				return fob.LineageOther, err
			}
			return plan.Lineage(), nil
		},
		Setting:   a.files.Setting,
		Partition: in,
		Account:   accountOf(profile),
		Options:   p.Options,
		Narrow:    p.Narrow,
		Exe:       r.caller.Exe,
		Paths:     r.caller.Paths,
		Home:      a.home,
		HTTP:      a.broker.HTTP,
		Now:       a.clock.Now(),
		Write:     a.writer(r, p, profile.Name),
		Foreign:   a.written.foreign,
	}
}

// whoami asks AWS whose credentials these are.
func (a *Agent) whoami(ctx context.Context, r *request, p api.NameParams) (api.Identity, error) {
	if err := a.unlocked(ctx, r.ui); err != nil {
		return api.Identity{}, err
	}
	profile, err := a.lookup(p.Name, r)
	if err != nil {
		return api.Identity{}, err
	}
	creds, err := a.broker.Credentials(ctx, fob.Request{Profile: p.Name, Way: "whoami", Paths: r.caller.Paths, Caller: r.conn.caller}, r.ui)
	if err != nil {
		return api.Identity{}, err
	}
	env := principal.Env{HTTP: a.broker.HTTP}
	out, err := principal.STS(profile, env, creds).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return api.Identity{}, principal.ExplainFor(profile, "identity of profile "+p.Name, err)
	}
	id := api.Identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), UserID: aws.ToString(out.UserId)}
	if !creds.Expiration.IsZero() {
		id.Expiration = &creds.Expiration
	}
	return id, nil
}

// list shows every definition; it reads no secret and so needs no vault.
func (a *Agent) list(_ context.Context, r *request, p api.ListParams) ([]api.Row, error) {
	profiles, err := a.files.List(r.caller.Paths)
	if err != nil {
		return nil, err
	}
	cached := a.broker.Names()
	sessions, err := a.files.Sessions(r.caller.Paths)
	if err != nil {
		return nil, err
	}
	rows := make([]api.Row, len(profiles), len(profiles)+len(sessions))
	for _, s := range sessions {
		rows = append(rows, a.sessionRow(s, r.caller.Paths))
	}
	for i, one := range profiles {
		row := api.Row{Name: one.Name, Origin: string(one.Origin), Region: one.Get("region"), Account: accountOf(one)}
		if k, err := principal.Find(a.kinds, one); err == nil {
			row.Kind = k.Name
			if k.Source != nil {
				row.Source = k.Source(one)
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
	plan, err := a.broker.Plan(fob.Request{Profile: name, Paths: paths})
	if err != nil {
		return "", nil
	}
	if exp, ok := a.broker.Peek(plan); ok {
		return "cached", &exp
	}
	return "", nil
}

// accountOf is the account that a definition says it acts in, without asking.
func accountOf(p fob.Profile) string {
	said := func(v string) string { return v }
	for _, from := range []struct { // in turn: a listing asks this ten thousand times
		key     string
		account func(value string) string
	}{
		{"role_arn", partition.AccountOf}, {"sso_account_id", said}, {"aws_account_id", said},
		{"mfa_serial", partition.AccountOf}, {"aws_access_key_id", partition.AccountOfKey},
	} {
		if v := p.Get(from.key); v != "" {
			if account := from.account(v); account != "" {
				return account
			}
		}
	}
	return ""
}

// show prints a definition as it is in effect, secrets hidden.
func (a *Agent) show(_ context.Context, r *request, p api.NameParams) (api.Definition, error) {
	profile, err := a.files.Lookup(p.Name, r.caller.Paths)
	if err != nil {
		return api.Definition{}, err
	}
	d := api.Definition{Name: profile.Name, Origin: string(profile.Origin), Path: profile.Path, Keys: map[string]any{}}
	if k, err := principal.Find(a.kinds, profile); err == nil {
		d.Kind = k.Name
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
