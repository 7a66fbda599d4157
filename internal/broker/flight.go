package broker

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"fob/internal/fob"
	"fob/internal/principal"
)

// flightLimit bounds one retrieval, including the time that a person takes to answer.
const flightLimit = 5 * time.Minute

// flight is one retrieval in progress, which all callers of the principal share.
type flight struct {
	done    chan struct{}
	leader  int64       // the id of the UI that asks
	network fob.Network // by which it is under way
	chain   []string    // the keys of its sources
	entry   *entry
	err     error

	ended   atomic.Pointer[error] // why it was cancelled; nil if it was not
	cancel  context.CancelFunc
	asking  atomic.Int32 // prompts that are open
	asks    atomic.Pointer[string]
	page    atomic.Pointer[fob.Page] // one that is open
	viewers atomic.Int32             // who were shown it, and are there still
}

func newFlight(leader int64) *flight {
	return &flight{done: make(chan struct{}), leader: leader, cancel: func() {}}
}

// end cancels a retrieval: its result is dropped, and why is what its callers are told.
func (f *flight) end(why error) {
	if f.ended.CompareAndSwap(nil, &why) {
		f.cancel()
	}
}

func errLocked() error {
	return fob.Errorf(fob.ErrLocked, "the vault was locked meanwhile").WithHint("fob unlock")
}

func errSignInEnded() error {
	return fob.Errorf(fob.ErrNobody, "the sign-in was ended, or begun anew, elsewhere").WithHint("try again")
}

func errPersonLeft() error {
	return fob.Errorf(fob.ErrNobody, "whoever was to sign in has left").WithHint("try again")
}

// join returns the retrieval of a step that is in progress, or starts one. seen is what
// the caller found in the cache, or nil. If the cache was filled since the caller
// looked, join returns a finished retrieval with that entry.
func (b *Broker) join(plan Plan, ui fob.UI, seen *entry) *flight {
	key := plan[0].Key
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := b.flights[key]; f != nil {
		return f
	}
	if e := b.entries[key]; e != nil && e != seen && e.fresh(b.Now()) && !b.dead[tokenHash(e)] {
		f := newFlight(ui.ID)
		f.entry = e
		close(f.done)
		return f
	}
	f := newFlight(ui.ID)
	f.chain, f.network = plan.sources(), plan[0].Network
	var ctx context.Context
	ctx, f.cancel = context.WithTimeout(context.Background(), flightLimit)
	b.register(key, f)
	go b.retrieve(ctx, f, plan, ui)
	return f
}

// register makes f the retrieval that others join; b.mu is held.
func (b *Broker) register(key string, f *flight) {
	if b.flights == nil {
		b.flights = map[string]*flight{}
	}
	b.flights[key] = f
}

func (b *Broker) retrieve(ctx context.Context, f *flight, plan Plan, ui fob.UI) {
	defer f.cancel()
	defer func() {
		if r := recover(); r != nil { // one request's fault must not end the agent
			b.log().Error("retrieval panicked", "profile", plan[0].Profile.Name, "stack", string(debug.Stack())) // without r, which may quote anything
			f.err = fob.Errorf(fob.ErrInternal, "a fault of fob's while retrieving credentials of profile %q", plan[0].Profile.Name)
		}
		b.finish(f, plan[0].Key)
	}()
	f.entry, f.err = b.retrieveLocked(ctx, f, plan, ui)
	if why := f.ended.Load(); why != nil {
		f.entry, f.err = nil, *why
	}
}

// finish publishes the result of a retrieval and lets the next caller start another.
func (b *Broker) finish(f *flight, key string) {
	b.mu.Lock()
	delete(b.flights, key)
	if f.err != nil && !errors.Is(f.err, fob.ErrNobody) && !errors.Is(f.err, fob.ErrCancelled) {
		if b.failed == nil {
			b.failed = map[string]time.Time{}
		}
		b.failed[key] = b.Now().Add(renewPause)
	} else {
		delete(b.failed, key)
	}
	b.mu.Unlock()
	close(f.done)
}

// pausing reports whether a retrieval failed a moment ago. While what is cached is valid,
// it is not tried again at once.
func (b *Broker) pausing(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	until, ok := b.failed[key]
	return ok && b.Now().Before(until)
}

// retrieveLocked retrieves under a lock that one process at a time holds for the principal.
func (b *Broker) retrieveLocked(ctx context.Context, f *flight, plan Plan, ui fob.UI) (*entry, error) {
	step := plan[0]
	unlock, err := b.locks.lock(ctx, b.LockFile, step.Key, busy(ctx, step, ui))
	if err != nil {
		return nil, err
	}
	defer unlock()
	if e := b.fromSealed(step.Key); e != nil && e.fresh(b.Now()) && b.newer(step.Key, e) {
		return b.remember(plan, e), nil // another process was first
	}
	creds, err := b.open(ctx, plan, f.watch(ui))
	if err != nil {
		return nil, err
	}
	now := b.Now()
	if creds, err = admit(step, creds, now); err != nil {
		return nil, err
	}
	e := &entry{profile: step.Profile.Name, creds: creds, obtained: now, chain: plan.sources()}
	if f.ended.Load() != nil || creds.Expiration.IsZero() {
		return e, nil // cancelled, or a user's own keys, which the vault keeps and not the cache
	}
	if off := creds.Skew; off != 0 {
		ui.Tell(ctx, fmt.Sprintf("this computer's clock is %s off; fob goes by AWS's for what this profile signs", off.Abs().Round(time.Minute)))
	}
	b.remember(plan, e)
	if f.ended.Load() != nil {
		b.expire(step.Key, e)
		return e, nil
	}
	b.save(step.Key, e)
	return e, nil
}

// busy tells whoever waits for another process, once.
func busy(ctx context.Context, step Step, ui fob.UI) func() {
	return func() {
		ui.Tell(ctx, "another fob is retrieving credentials of "+step.Profile.Name+", or signs in; waiting for it")
	}
}

// newer reports whether e outlasts what memory has.
func (b *Broker) newer(key string, e *entry) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	have := b.entries[key]
	return have == nil || e.creds.Expiration.After(have.creds.Expiration)
}

// open opens the principal and asks it. If the source's cached session turns out
// to be dead (revoked, or the clock was wrong), it is replaced once.
func (b *Broker) open(ctx context.Context, plan Plan, ui fob.UI) (fob.Credentials, error) {
	env := b.Env(plan[0], ui)
	var seen *answers
	env.HTTP, seen = b.watch(env.HTTP)
	env.Now = seen.time
	var from *source
	if len(plan) > 1 {
		from = b.source(plan[1:], ui)
		env.Source = from
	}
	if err := plan[0].Kind.Validate(plan[0].Profile); err != nil {
		return fob.Credentials{}, err
	}
	p, err := plan[0].Kind.Open(plan[0].Profile, env)
	if err != nil {
		return fob.Credentials{}, err
	}
	creds, err := p.Credentials(ctx)
	if from != nil && principal.IsExpired(err) && from.used.Load() != nil {
		if err := from.Dead(ctx, *from.used.Load()); err != nil {
			return fob.Credentials{}, err
		}
		creds, err = p.Credentials(ctx)
	}
	if err == nil {
		creds.Skew = time.Duration(seen.skew.Load())
		if via := seen.via.Load(); via != nil {
			creds.Via = *via
		}
	}
	return creds, err
}

// source is the next step of a chain as a principal gets it in its Env. After a
// sign-out or a lock it yields nothing more: a long search would sign in again.
type source struct {
	b    *Broker
	plan Plan
	ui   fob.UI

	locked, ended int                             // the broker's counters when it was made
	used          atomic.Pointer[fob.Credentials] // the last that were handed out
}

func (b *Broker) source(plan Plan, ui fob.UI) *source {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &source{b: b, plan: plan, ui: ui, locked: b.locked, ended: b.ended[plan[0].Key]}
}

func (s *source) over() error {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	switch {
	case s.locked != s.b.locked:
		return errLocked()
	case s.ended != s.b.ended[s.plan[0].Key]:
		return errSignInEnded()
	}
	return nil
}

func (s *source) Credentials(ctx context.Context) (fob.Credentials, error) {
	if err := s.over(); err != nil {
		return fob.Credentials{}, err
	}
	c, err := s.b.get(ctx, s.plan, s.ui, want{valid: sourceMin})
	if err == nil {
		s.used.Store(&c)
	}
	return c, err
}

// Dead drops credentials that AWS refused. Others who were refused the same ones
// may have replaced them already: those stay.
func (s *source) Dead(ctx context.Context, c fob.Credentials) error {
	key := s.plan[0].Key
	s.b.mu.Lock()
	if s.b.dead == nil {
		s.b.dead = map[[sha256.Size]byte]bool{}
	}
	s.b.dead[tokenHash(&entry{creds: c})] = true
	e := s.b.entries[key]
	s.b.mu.Unlock()
	if e != nil && !e.creds.SessionToken.Equal(c.SessionToken) {
		return nil
	}
	return s.b.Drop(ctx, key, false)
}

// alive reports whether AWS has not refused credentials. Another process may write
// refused ones to the sealed file again.
func (b *Broker) alive(e *entry) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.dead) == 0 || !b.dead[tokenHash(e)]
}

func tokenHash(e *entry) [sha256.Size]byte {
	return sha256.Sum256([]byte(e.creds.SessionToken.Reveal()))
}
