package broker

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fob/internal/fob"
)

// entry is one principal's credentials in memory.
type entry struct {
	profile  string
	chain    []string // the keys of its sources
	creds    fob.Credentials
	obtained time.Time // with Go's monotonic reading while the process lives
	used     atomic.Int64
	tried    atomic.Int64 // when it was last renewed early, in nanoseconds
	timer    *time.Timer
}

// remaining is the shorter of what the wall clock and the monotonic clock say,
// so that setting the clock back revives nothing. An age below zero is of an entry
// that another process has left, before the clock was set back: nobody knows how old
// it is.
func (e *entry) remaining(now time.Time) time.Duration {
	wall, age := e.creds.Remaining(now), now.Sub(e.obtained)
	switch {
	case e.creds.Expiration.IsZero():
		return wall
	case age < -tolerance:
		return 0
	}
	return min(wall, e.lifetime()-age)
}

// lifetime is how long the credentials were valid when they were obtained.
func (e *entry) lifetime() time.Duration { return e.creds.Remaining(e.obtained) }

// enough is how long they should stay valid for a caller who wants minValid; zero
// is as long as every SDK needs. Where their source never gives so much it is as
// much of their life as leaves time between two retrievals.
func (e *entry) enough(minValid time.Duration) time.Duration {
	if minValid == 0 {
		return min(handoutMin, e.lifetime()/2)
	}
	return min(minValid, e.lifetime()/6*5)
}

// fresh reports whether they need no renewal yet.
func (e *entry) fresh(now time.Time) bool { return e.remaining(now) >= e.enough(0) }

// early reports whether an early renewal may be tried now.
func (e *entry) early(now time.Time) bool {
	last := e.tried.Load()
	return (last == 0 || now.UnixNano()-last > int64(renewPause)) && e.tried.CompareAndSwap(last, now.UnixNano())
}

func (e *entry) use() fob.Credentials {
	e.used.Add(1)
	return e.creds
}

func (e *entry) stop() {
	if e.timer != nil {
		e.timer.Stop()
	}
}

// cached returns what memory or the sealed file has, if it is valid still.
func (b *Broker) cached(plan Plan) *entry {
	if e := b.cachedAs(plan, plan[0].Key); e != nil || plan[0].Shared == plan[0].Key {
		return e
	}
	return b.cachedAs(plan, plan[0].Shared) // obtained by a route that everybody trusts
}

// cachedAs returns what is cached under one key of a plan.
func (b *Broker) cachedAs(plan Plan, key string) *entry {
	now := b.Now()
	b.mu.Lock()
	e := b.entries[key]
	b.mu.Unlock()
	if e != nil && e.remaining(now) > 0 && b.alive(e) {
		return e
	}
	if e = b.fromSealed(key); e == nil || e.remaining(now) <= 0 {
		return nil
	}
	if key != plan[0].Key {
		return e // whoever renews it has another plan
	}
	return b.remember(plan, e)
}

// remember keeps an entry in memory and plans its renewal: ahead of expiry, at
// the larger of 15 minutes and a fifth of its life, spread by a tenth so that
// what was obtained together is not renewed together.
func (b *Broker) remember(plan Plan, e *entry) *entry {
	key := plan[0].Key
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.entries == nil {
		b.entries = map[string]*entry{}
	}
	if old := b.entries[key]; old != nil {
		old.stop()
	}
	b.entries[key] = e
	ahead := min(max(handoutMin, e.lifetime()/5), e.lifetime()/2)
	wait := e.remaining(b.Now()) - ahead - rand.N(max(ahead/10, 1))
	e.timer = time.AfterFunc(max(wait, 0), func() { b.refresh(plan, e) })
	return e
}

// refresh renews an entry that is in use, without bothering anyone; one that
// nobody used again is left to expire.
func (b *Broker) refresh(plan Plan, e *entry) {
	b.mu.Lock()
	current := b.entries[plan[0].Key] == e
	b.mu.Unlock()
	if !current {
		return
	}
	if left := e.remaining(b.Now()); e.used.Load() < 2 {
		b.later(e, max(left, 0), func() { b.expire(plan[0].Key, e) })
		return
	}
	f := b.join(plan, fob.UI{}, e)
	<-f.done
	if left := e.remaining(b.Now()); f.err != nil {
		b.log().Info("renewal failed", "profile", plan[0].Profile.Name, "kind", fob.OutcomeOf(f.err).Wire, "left", left)
		if left > renewPause {
			b.later(e, renewPause+rand.N(renewPause), func() { b.refresh(plan, e) })
		} else {
			b.later(e, max(left, 0), func() { b.expire(plan[0].Key, e) })
		}
	}
}

// later replaces an entry's timer.
func (b *Broker) later(e *entry, wait time.Duration, do func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e.timer = time.AfterFunc(wait, do)
}

// expire drops an entry from memory when it has died.
func (b *Broker) expire(key string, e *entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.entries[key] == e {
		delete(b.entries, key)
	}
}

// item is an entry as the sealed file holds it.
type item struct {
	Profile         string    `json:"profile"`
	AccessKeyID     string    `json:"access_key_id"`
	SecretAccessKey string    `json:"secret_access_key"`
	SessionToken    string    `json:"session_token"`
	Expiration      time.Time `json:"expiration"`
	AccountID       string    `json:"account_id,omitempty"`
	Obtained        time.Time `json:"obtained"`
	Chain           []string  `json:"chain,omitempty"`
	Skew            int64     `json:"skew,omitempty"` // nanoseconds
	Via             string    `json:"via,omitempty"`
}

func (b *Broker) fromSealed(key string) *entry {
	sealed, err := b.Cache()
	if err != nil {
		return nil
	}
	text, err := sealed.Get(key)
	if err != nil {
		return nil
	}
	if e := decode(text); e != nil && b.alive(e) {
		return e
	}
	return nil
}

// decode reads an item; nil if it is none of ours, or another version's.
func decode(text fob.Secret) *entry {
	var it item
	if json.Unmarshal([]byte(text.Reveal()), &it) != nil || it.SessionToken == "" || it.Expiration.IsZero() {
		return nil
	}
	return &entry{profile: it.Profile, obtained: it.Obtained, chain: it.Chain, creds: fob.Credentials{
		AccessKeyID: it.AccessKeyID, SecretAccessKey: fob.NewSecret(it.SecretAccessKey),
		SessionToken: fob.NewSecret(it.SessionToken), Expiration: it.Expiration, AccountID: it.AccountID, Skew: time.Duration(it.Skew), Via: it.Via,
	}}
}

// saver writes entries to the sealed file behind the callers' backs, several at
// once when they come quickly.
type saver struct {
	mu      sync.Mutex
	dirty   map[string]fob.Secret
	running bool
	idle    *sync.Cond
}

func (b *Broker) save(key string, e *entry) {
	text, err := json.Marshal(item{
		Profile: e.profile, AccessKeyID: e.creds.AccessKeyID, SecretAccessKey: e.creds.SecretAccessKey.Reveal(),
		SessionToken: e.creds.SessionToken.Reveal(), Expiration: e.creds.Expiration,
		AccountID: e.creds.AccountID, Obtained: e.obtained, Chain: e.chain, Skew: int64(e.creds.Skew), Via: e.creds.Via,
	})
	if err != nil {
		return
	}
	s := &b.saver
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dirty == nil {
		s.dirty = map[string]fob.Secret{}
	}
	s.dirty[key] = fob.NewSecret(string(text))
	if !s.running {
		s.running = true
		go b.saveAll()
	}
}

func (b *Broker) saveAll() {
	s := &b.saver
	for {
		s.mu.Lock()
		batch := s.dirty
		s.dirty = nil
		if len(batch) == 0 {
			s.running = false
			if s.idle != nil {
				s.idle.Broadcast()
			}
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		if err := b.write(batch); err != nil {
			b.log().Warn("the cache was not written", "error", err)
		}
	}
}

// write adds a batch to the sealed file and drops what has expired.
func (b *Broker) write(batch map[string]fob.Secret) error {
	sealed, err := b.Cache()
	if err != nil {
		return nil // no vault, or locked: memory alone
	}
	now := b.Now()
	return sealed.Update(context.Background(), func(items map[string]fob.Secret) error {
		for key, text := range items {
			if e := decode(text); e != nil && e.creds.Expiration.Before(now) || e == nil && !strings.HasPrefix(key, tokenPrefix) {
				delete(items, key)
			}
		}
		for key, text := range batch {
			items[key] = text
		}
		return nil
	})
}

// Flush waits until what was retrieved is on disk.
func (b *Broker) Flush() {
	s := &b.saver
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.idle == nil {
		s.idle = sync.NewCond(&s.mu)
	}
	for s.running {
		s.idle.Wait()
	}
}
