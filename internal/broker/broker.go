// Package broker is the only place that decides: it plans the chain, looks in the
// cache, retrieves once for all callers, refreshes ahead of expiry and writes the
// audit log.
package broker

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"fob/internal/audit"
	"fob/internal/chain"
	"fob/internal/fob"
	"fob/internal/principal"
)

// Sealed is a sealed file of named items, shared with other processes.
type Sealed interface {
	Get(name string) (fob.Secret, error)
	Names() ([]string, error)
	Update(ctx context.Context, edit func(items map[string]fob.Secret) error) error
}

// Broker turns requests into credentials. Set the exported fields before use.
type Broker struct {
	Secrets principal.Secrets
	// Cache is where temporary credentials survive a restart. An error means that
	// there is none now (no vault, or locked); memory alone is then used.
	Cache func() (Sealed, error)
	// LockFile serialises retrievals between processes.
	LockFile string
	// HTTP returns the client for calls by a network.
	HTTP func(fob.Network) *http.Client
	// Network is how AWS is reached where neither a caller nor a definition says; nil is
	// the zero value.
	Network  func() fob.Network
	Listen   func(principal.Answer) (principal.Listener, error)
	ReadFile func(path string) ([]byte, error)
	// Run runs a program for a step of a plan.
	Run    func(ctx context.Context, step Step, ui fob.UI, c principal.Command) (fob.Secret, error)
	Now    func() time.Time // this computer's clock
	Record func(audit.Event)
	Log    *slog.Logger

	mu      sync.Mutex
	entries map[string]*entry
	flights map[string]*flight
	dead    map[[sha256.Size]byte]bool // hashes of session tokens that AWS refused
	failed  map[string]time.Time       // until when a failed retrieval is not repeated
	locked  int                        // how often the cache was cleared by a lock
	ended   map[string]int             // how often a sign-in was ended, by its key
	locks   rangeLocks
	saver   saver
	memory  memory
	limits  principal.Limits
}

// How long credentials should stay valid when they are handed out. botocore runs
// a credential_process again for every call while fewer than 15 minutes are left.
const (
	handoutMin = 15*time.Minute + 30*time.Second
	sourceMin  = time.Minute // enough for the one call that a source is used for
)

// Waiting for a renewal while the old credentials are still valid.
const (
	renewPatience = 3 * time.Second
	renewPause    = time.Minute // after a failed renewal
)

// Credentials answers a request for the profile that the chain begins with.
func (b *Broker) Credentials(ctx context.Context, c chain.Chain, req fob.Request, ui fob.UI) (fob.Credentials, error) {
	plan, err := b.Plan(c, req)
	if err != nil {
		b.Audit(req, nil, fob.Credentials{}, err)
		return fob.Credentials{}, err
	}
	creds, err := b.get(ctx, plan, ui, want{max(req.MinValid, 0), max(req.Patience, 0)})
	b.Audit(req, plan, creds, err)
	return creds, err
}

// want is what a caller needs of credentials; zero is what is sensible.
type want struct {
	valid    time.Duration // how long they should stay valid
	patience time.Duration // how long to wait for such while there are valid ones
}

// get serves a step from the cache, or retrieves it.
func (b *Broker) get(ctx context.Context, plan Plan, ui fob.UI, w want) (fob.Credentials, error) {
	step := plan[0]
	e := b.cached(plan)
	if e == nil {
		return b.retrieveOnce(ctx, plan, ui)
	}
	left := e.remaining(b.Now())
	if left >= e.enough(w.valid) || b.pausing(step.Key) {
		return e.use(), nil
	}
	if w.patience == 0 {
		return b.renew(ctx, plan, ui, e, w)
	}
	// A server (fob serve, fob exec --endpoint) asks again and again. Credentials that
	// are fresh enough for every SDK are refreshed without asking a person, and not
	// again right after a refresh that failed.
	if left >= e.enough(0) {
		if !e.early(b.Now()) {
			return e.use(), nil
		}
		ui = fob.UI{}
	}
	return b.renew(ctx, plan, ui, e, w)
}

// renew retrieves new credentials while e is still valid, and returns e if that fails
// or takes too long.
func (b *Broker) renew(ctx context.Context, plan Plan, ui fob.UI, e *entry, w want) (fob.Credentials, error) {
	f := b.join(plan, ui, e)
	patience := time.NewTimer(cmp.Or(w.patience, renewPatience))
	defer patience.Stop()
	for {
		select {
		case <-f.done:
			if f.err == nil {
				return f.entry.use(), nil
			}
		case <-patience.C:
			if f.asking.Load() > 0 && w.patience == 0 {
				patience.Reset(renewPatience) // a person is typing
				continue
			}
		case <-ctx.Done():
			return fob.Credentials{}, ctx.Err()
		}
		if e.remaining(b.Now()) > 0 {
			return e.use(), nil
		}
		return b.retrieveOnce(ctx, plan, ui)
	}
}

// ownTries is how often a caller retrieves again, by its own network, what failed by that
// of another caller.
const ownTries = 3

// unreached reports whether it may be the network that a retrieval failed for.
func unreached(err error) bool { return errors.Is(err, fob.ErrNetwork) || errors.Is(err, fob.ErrUsage) }

// retrieveOnce waits for a retrieval that all callers of the same principal share
// (single flight). A caller that leaves does not cancel it. If it fails because the
// caller that started it had no person to ask, another caller that may have one
// retrieves again.
func (b *Broker) retrieveOnce(ctx context.Context, plan Plan, ui fob.UI) (fob.Credentials, error) {
	for tries := 0; ; {
		f := b.join(plan, ui, nil)
		if err := b.await(ctx, f, plan[0], ui); err != nil {
			return fob.Credentials{}, err
		}
		switch {
		case f.err == nil:
			return f.entry.use(), nil
		case unreached(f.err) && f.network != plan[0].Network && tries < ownTries:
			tries++
			continue // another caller's proxy is to blame
		case f.leader == ui.ID:
		case errors.Is(f.err, fob.ErrNobody) && ui.AskFunc != nil:
			continue
		case errors.Is(f.err, fob.ErrCancelled):
			return fob.Credentials{}, fob.Errorf(fob.ErrCancelled, "cancelled where somebody was asked: %w", f.err)
		}
		return fob.Credentials{}, f.err
	}
}

// Forget clears the cache in memory, as locking the vault requires. Retrievals in
// progress are cancelled and their results dropped.
func (b *Broker) Forget() {
	b.memory.forget()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.locked++
	for _, f := range b.flights {
		f.end(errLocked())
	}
	for _, e := range b.entries {
		e.stop()
	}
	b.entries, b.failed, b.dead = nil, nil, nil
}

// Drop deletes a step's credentials from the cache, in memory and on disk, so that the
// next caller gets new ones; with all, also everything that was retrieved with them.
func (b *Broker) Drop(ctx context.Context, key string, all bool) error {
	gone := func(e *entry, k string) bool { return k == key || all && slices.Contains(e.chain, key) }
	b.mu.Lock()
	for k, e := range b.entries {
		if gone(e, k) {
			e.stop()
			delete(b.entries, k)
		}
	}
	b.mu.Unlock()
	b.Flush() // what is being written must not come back
	sealed, err := b.Cache()
	if err != nil {
		return nil // nothing on disk that could be read
	}
	return sealed.Update(ctx, func(items map[string]fob.Secret) error {
		for k, text := range items {
			if e := decode(text); e != nil && gone(e, k) {
				delete(items, k)
			}
		}
		return nil
	})
}

// Exclusively runs do while no process is retrieving the credentials of a plan.
// Retrievals in progress are cancelled and their results dropped; with all, so are
// retrievals that use them as their source. Callers that waited for one retrieve anew
// afterwards.
func (b *Broker) Exclusively(ctx context.Context, plan Plan, all bool, ui fob.UI, do func() error) error {
	key := plan[0].Key
	own := newFlight(-1)
	own.err = errSignInEnded()
	b.mu.Lock()
	if b.ended == nil {
		b.ended = map[string]int{}
	}
	b.ended[key]++
	b.mu.Unlock()
	for {
		b.mu.Lock()
		under := b.flights[key]
		if under == nil {
			b.register(key, own)
		} else {
			under.end(errSignInEnded())
		}
		for _, f := range b.flights {
			if all && slices.Contains(f.chain, key) {
				f.end(errSignInEnded())
			}
		}
		b.mu.Unlock()
		if under == nil {
			break
		}
		select {
		case <-under.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer b.finish(own, key)
	unlock, err := b.locks.lock(ctx, b.LockFile, key, busy(ctx, plan[0], ui))
	if err != nil {
		return err
	}
	defer unlock()
	return do()
}

// Source returns a plan as the source that a principal would get in its Env.
func (b *Broker) Source(plan Plan, ui fob.UI) principal.Principal {
	return b.source(plan, ui)
}

// client is the one for a step's calls; nil where none can be made.
func (b *Broker) client(step Step) *http.Client {
	if b.HTTP == nil {
		return nil
	}
	return b.HTTP(step.Network)
}

// Env is what the principal of a step may touch. Its source is not in it.
func (b *Broker) Env(step Step, ui fob.UI) principal.Env {
	return principal.Env{Secrets: b.Secrets, UI: ui, HTTP: b.client(step), Limits: &b.limits, Now: b.Now, Tokens: b.tokens(step.own), Listen: b.Listen, ReadFile: b.ReadFile,
		Run:       func(ctx context.Context, c principal.Command) (fob.Secret, error) { return b.Run(ctx, step, ui, c) },
		OnPurpose: step.OnPurpose, DeviceCode: step.DeviceCode}
}

// Open opens the principal of a plan's first step, for what it can do beside
// yielding credentials.
func (b *Broker) Open(plan Plan, ui fob.UI) (principal.Principal, error) {
	env := b.Env(plan[0], ui)
	if len(plan) > 1 {
		env.Source = b.source(plan[1:], ui)
	}
	return plan[0].Kind.Open(plan[0].Profile, env)
}

// Accept puts credentials that were obtained elsewhere into the cache of a plan.
func (b *Broker) Accept(plan Plan, c fob.Credentials) error {
	c, err := admit(plan[0], c, b.Now())
	if err != nil {
		return err
	}
	e := &entry{profile: plan[0].Profile.Name, creds: c, obtained: b.Now(), chain: plan.sources()}
	b.save(plan[0].Key, e)
	b.remember(plan, e)
	return nil
}

// Have returns the credentials cached for a plan. It retrieves nothing.
func (b *Broker) Have(plan Plan) (fob.Credentials, bool) {
	if e := b.cached(plan); e != nil {
		return e.creds, true
	}
	return fob.Credentials{}, false
}

// Peek returns when the credentials of a plan expire, if there are any.
func (b *Broker) Peek(plan Plan) (expiration time.Time, cached bool) {
	b.mu.Lock()
	e := b.entries[plan[0].Key]
	b.mu.Unlock()
	if e == nil {
		e = b.fromSealed(plan[0].Key)
	}
	if e == nil || e.remaining(b.Now()) <= 0 {
		return time.Time{}, false
	}
	return e.creds.Expiration, true
}

// Status tells whether credentials of a plan are cached and for how long they are valid
// (0: without end), else whether retrieving them would ask a person. It retrieves
// nothing.
func (b *Broker) Status(plan Plan) (left time.Duration, cached, asks bool) {
	if e := b.cached(plan); e != nil {
		if e.creds.Expiration.IsZero() {
			return 0, true, false
		}
		return e.remaining(b.Now()), true, false
	}
	for i, step := range plan {
		if i > 0 && b.cached(plan[i:]) != nil {
			return 0, false, false
		}
		p, err := step.Kind.Open(step.Profile, b.Env(step, fob.UI{}))
		if asker, ok := p.(principal.Asker); err == nil && ok && asker.Asks() {
			return 0, false, true
		}
	}
	return 0, false, false
}

// Names are the profiles whose credentials are in memory or, while that can be
// read, in the sealed file.
func (b *Broker) Names() map[string]bool {
	names := map[string]bool{}
	if sealed, err := b.Cache(); err == nil {
		keys, _ := sealed.Names()
		for _, key := range keys {
			if e := b.fromSealed(key); e != nil && e.remaining(b.Now()) > 0 {
				names[e.profile] = true
			}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.entries {
		names[e.profile] = true
	}
	return names
}

func (b *Broker) log() *slog.Logger {
	if b.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return b.Log
}
