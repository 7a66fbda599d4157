package agent

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"fob/internal/api"
	"fob/internal/atomicfile"
	"fob/internal/broker"
	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/principal"
)

// signIn plans the sign-in for a name: a session, or a profile's.
func (a *Agent) signIn(name string, r *request, change func(*fob.Request)) (broker.Plan, error) {
	req := fob.Request{Profile: name, Way: "login", Paths: r.caller.Paths, Environment: r.caller.Environment, Caller: r.conn.caller}
	ref := name
	if s, err := a.files.SignIn(name, r.caller.Paths); err == nil {
		if kind, err := principal.Find(a.kinds, s); err == nil {
			ref = kind.Ref(name)
		}
	}
	if change != nil {
		change(&req)
	}
	plan, err := a.plan(ref, req)
	if err != nil {
		return nil, err
	}
	last := plan[len(plan)-1:]
	if last[0].Kind.Group == nil {
		return nil, fob.Errorf(fob.ErrUsage, "profile %q needs no sign-in: it is of kind %s", name, plan[0].Kind.Name).WithHint("fob whoami %s", name)
	}
	return last, nil
}

// namedSignIn is signIn with the vault unlocked, which holds the tokens.
func (a *Agent) namedSignIn(ctx context.Context, r *request, name string) (broker.Plan, error) {
	if err := a.unlocked(ctx, r.ui); err != nil {
		return nil, err
	}
	return a.signIn(name, r, nil)
}

// login signs in, without a page if a refresh token is valid.
func (a *Agent) login(ctx context.Context, r *request, p api.LoginParams) (api.SignIn, error) {
	plan, err := a.signIn(p.Name, r, func(req *fob.Request) { req.OnPurpose, req.DeviceCode = true, p.DeviceCode })
	if err != nil {
		return api.SignIn{}, err
	}
	if err := a.keepTokens(ctx, r); err != nil {
		return api.SignIn{}, err
	}
	switch {
	case p.Force:
		if err = a.signOut(ctx, r, plan, false); errors.Is(err, fob.ErrNetwork) {
			r.ui.Tell(ctx, err.Error()) // a new sign-in is possible all the same
			err = nil
		}
	case p.DeviceCode: // otherwise it would join a sign-in that waits for a redirect
		err = a.broker.Exclusively(ctx, plan, false, r.ui, func() error { return nil })
	}
	if err != nil {
		return api.SignIn{}, err
	}
	c, err := a.broker.Source(plan, r.ui).Credentials(ctx)
	a.broker.Audit(r.request("login", plan), plan, c, err)
	if err != nil {
		return api.SignIn{}, err
	}
	answer := api.SignIn{Session: plan[0].Profile.Name, Expiration: c.Expiration}
	if p.Share != "" {
		answer.Shared, err = a.share(plan, r, c, p.Share)
		a.broker.Audit(r.request("write-sso-cache", plan), plan, c, err)
	}
	return answer, err
}

// share writes a sign-in where other tools look for it, at the user's request: in clear, so that
// any of the user's programs can read it.
func (a *Agent) share(plan broker.Plan, r *request, c fob.Credentials, dir string) (string, error) {
	p, err := a.broker.Open(plan, r.ui)
	if err != nil {
		return "", err
	}
	shared, ok := p.(principal.Sharer)
	if !ok {
		return "", fob.Errorf(fob.ErrUsage, "no other tool reads sign-ins of kind %s from a file", plan[0].Kind.Name)
	}
	content, err := shared.Export(c)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, shared.SharedFile())
	if err = os.MkdirAll(dir, 0o700); err == nil {
		err = atomicfile.Replace(path, []byte(content.Reveal()))
	}
	if err != nil {
		return "", fob.Errorf(fob.ErrInternal, "cannot write %s: %w", path, err)
	}
	return path, nil
}

// acceptShared offers to import valid sign-ins of other tools, for some profiles and sign-ins. It
// returns the imported ones.
func (a *Agent) acceptShared(ctx context.Context, r *request, names []string, p api.MoveParams) []api.Moved {
	var taken []api.Moved
	asked := map[string]bool{}
	for _, name := range names {
		plan, err := a.signIn(name, r, nil)
		if err != nil || asked[plan[0].Key] {
			continue
		}
		step := plan[0]
		asked[step.Key] = true
		// Check first, without storing anything, so that nobody is asked about an invalid one.
		dry, env := a.broker.Env(step, r.ui), a.broker.Env(step, r.ui)
		dry.Tokens = nowhere{}
		shared, trial := sharer(step, env), sharer(step, dry)
		if shared == nil || trial == nil {
			continue
		}
		path := filepath.Join(p.Shared, shared.SharedFile())
		text, err := atomicfile.Read(path)
		if err != nil {
			continue
		}
		content := fob.NewSecret(string(text))
		if _, err = trial.Accept(ctx, content); err == nil {
			err = a.unlocked(ctx, r.ui)
		}
		if err != nil {
			if len(p.Names) > 0 { // the user asked for it by name
				r.ui.Tell(ctx, err.Error())
			}
			continue
		}
		if _, have := a.broker.Have(plan); have {
			continue
		}
		err = fob.ErrNobody
		if !p.DryRun {
			err = r.ui.Confirm(ctx, fob.Confirmation{Title: "take over the sign-in to " + step.Profile.Name + " from " + path})
		}
		if errors.Is(err, fob.ErrNobody) {
			r.ui.Tell(ctx, "a sign-in to "+step.Profile.Name+" is in "+path+"; fob adopt --yes takes it over")
		}
		if err != nil {
			continue
		}
		if a.keepTokens(ctx, r) != nil {
			continue
		}
		c, err := shared.Accept(ctx, content)
		if err != nil {
			r.ui.Tell(ctx, err.Error())
			continue
		}
		if err := a.broker.Accept(plan, c); err != nil {
			r.ui.Tell(ctx, err.Error())
			continue
		}
		taken = append(taken, api.Moved{Name: step.Profile.Name, Kind: step.Kind.Name, Note: "the sign-in from " + path})
	}
	return taken
}

// sharer returns a step's principal if other tools store such sign-ins in a file; nil if not.
func sharer(step broker.Step, env principal.Env) principal.Sharer {
	p, err := step.Kind.Open(step.Profile, env)
	if err != nil {
		return nil
	}
	shared, _ := p.(principal.Sharer)
	return shared
}

// nowhere is a Tokens that stores nothing.
type nowhere struct{}

func (nowhere) Get(name string) (fob.Secret, error) {
	return fob.Secret{}, fob.Errorf(fob.ErrNotFound, "no %s", name)
}

func (nowhere) Put(context.Context, string, fob.Secret) error { return nil }

// keepTokens unlocks the vault, so that a sign-in survives the agent, and tells the user if that
// fails. If the user dismisses the question for the passphrase, the sign-in is cancelled.
func (a *Agent) keepTokens(ctx context.Context, r *request) error {
	err := a.vault.EnsureUnlocked(ctx, r.ui)
	if err != nil && !errors.Is(err, fob.ErrCancelled) {
		r.ui.Tell(ctx, "the sign-in lasts as long as the agent only: "+err.Error())
		return nil
	}
	return err
}

// logout ends a sign-in at AWS, and deletes it and all credentials obtained with it.
func (a *Agent) logout(ctx context.Context, r *request, p api.NameParams) (api.Empty, error) {
	plan, err := a.namedSignIn(ctx, r, p.Name)
	if err != nil {
		return api.Empty{}, err
	}
	err = a.signOut(ctx, r, plan, true)
	a.broker.Audit(r.request("logout", plan), plan, fob.Credentials{}, err)
	return api.Empty{}, err
}

// signOut ends a sign-in. Retrievals in progress with it are cancelled, so that none brings it
// back.
func (a *Agent) signOut(ctx context.Context, r *request, plan broker.Plan, all bool) error {
	return a.broker.Exclusively(ctx, plan, all, r.ui, func() error {
		c, _ := a.broker.Have(plan)
		p, err := a.broker.Open(plan, r.ui)
		if err != nil {
			return err
		}
		if signIn, ok := p.(principal.SignIn); ok {
			err = signIn.SignOut(ctx, c)
		}
		return cmp.Or(err, a.broker.Drop(ctx, plan[0].Key, all))
	})
}

// request describes, for the audit log, a request that is not for credentials.
func (r *request) request(way string, plan broker.Plan) fob.Request {
	return fob.Request{Profile: plan[0].Profile.Name, Way: way, Paths: r.caller.Paths, Environment: r.caller.Environment, Caller: r.conn.caller}
}

// sync searches all accounts and roles of a sign-in, or waits for another search and uses its
// result. It continues an interrupted search.
func (a *Agent) sync(ctx context.Context, r *request, p api.NameParams) (api.SyncResult, error) {
	plan, err := a.namedSignIn(ctx, r, p.Name)
	if err != nil {
		return api.SyncResult{}, err
	}
	session := plan[0].Profile
	source := a.files.Source(session)
	known, err := a.directories.Read(source)
	if err != nil {
		return api.SyncResult{}, err
	}
	// Sign in first, before other searches wait for this one.
	if _, err := a.broker.Source(plan, r.ui).Credentials(ctx); err != nil {
		return api.SyncResult{}, err
	}
	asked := time.Now()
	unlock, waited, err := a.directories.Lock(ctx, source, func() {
		r.ui.Tell(ctx, "another fob is searching behind "+session.Name+"; waiting for what it finds")
	})
	if err != nil {
		return api.SyncResult{}, err
	}
	defer unlock()
	if waited {
		found, err := a.directories.Read(source)
		if err != nil {
			return api.SyncResult{}, err
		}
		if found.Synced.After(asked) {
			return api.SyncResult(directory.Compare(known, found)), nil
		}
	}
	return a.discover(ctx, r, plan, known)
}

// discover runs one search; the caller holds the lock.
func (a *Agent) discover(ctx context.Context, r *request, plan broker.Plan, known *directory.Directory) (api.SyncResult, error) {
	session := plan[0].Profile
	opened, err := a.broker.Open(plan, r.ui)
	if err != nil {
		return api.SyncResult{}, err
	}
	discoverer, ok := opened.(principal.Discoverer)
	if !ok {
		return api.SyncResult{}, fob.Errorf(fob.ErrUsage, "what is behind sign-ins of kind %s cannot be listed", plan[0].Kind.Name).WithHint("name the roles: %s/ACCOUNT/ROLE", session.Name)
	}
	s, err := a.directories.Search(a.files.Source(session))
	if err != nil {
		return api.SyncResult{}, err
	}
	err = discoverer.Discover(ctx, principal.Discovery{
		Source: a.broker.Source(plan, r.ui), Done: s.Done(),
		Found: func(account fob.Account, total int) {
			s.Found(account)
			r.ui.Progress(fob.Progress{What: "accounts", Done: s.Count(), Total: total})
		},
	})
	if err != nil {
		return api.SyncResult{}, s.Stop(err)
	}
	now, err := s.Finish()
	if err != nil {
		return api.SyncResult{}, err
	}
	return api.SyncResult(directory.Compare(known, now)), nil
}
