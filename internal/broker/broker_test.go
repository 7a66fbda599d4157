package broker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/chain"
	"fob/internal/fob"
	"fob/internal/principal"
)

// world is a broker over a fake kind that counts its retrievals.
type world struct {
	*Broker
	Kinds    []principal.Kind
	profiles profiles
	calls    atomic.Int32
	retrieve func(ctx context.Context, p fob.Profile, env principal.Env) (fob.Credentials, error)
	sealed   *sealed
}

type profiles map[string]fob.Profile

func (p profiles) lookup(name string) (fob.Profile, error) {
	if one, ok := p[name]; ok {
		return one, nil
	}
	return fob.Profile{}, fob.Errorf(fob.ErrNotFound, "no profile %q", name).WithHint("fob list")
}

type sealed struct {
	mu    sync.Mutex
	items map[string]fob.Secret
}

func (s *sealed) Get(name string) (fob.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.items[name]; ok {
		return v, nil
	}
	return fob.Secret{}, fob.ErrNotFound
}

func (s *sealed) Names() ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.items)), nil
}

func (s *sealed) Update(_ context.Context, edit func(map[string]fob.Secret) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return edit(s.items)
}

type opened struct {
	profile  fob.Profile
	retrieve func(ctx context.Context) (fob.Credentials, error)
}

func (o opened) Credentials(ctx context.Context) (fob.Credentials, error) { return o.retrieve(ctx) }
func (o opened) MakesSessions() bool                                      { return o.profile.Get("user_session") != "never" }
func (o opened) OnlySessions() bool                                       { return o.profile.Get("user_session") == "always" }
func (o opened) WithoutSession() fob.Profile                              { return o.profile.With("user_session", "never") }

// Plan resolves a name and plans its chain.
func (w *world) Plan(req fob.Request) (Plan, error) {
	c, err := chain.Definitions{Kinds: w.Kinds, Lookup: w.profiles.lookup}.Resolve(req.Profile)
	if err != nil {
		return nil, err
	}
	return w.Broker.Plan(c, req)
}

// Credentials resolves a name and answers a request for it.
func (w *world) Credentials(ctx context.Context, req fob.Request, ui fob.UI) (fob.Credentials, error) {
	c, err := chain.Definitions{Kinds: w.Kinds, Lookup: w.profiles.lookup}.Resolve(req.Profile)
	if err != nil {
		return fob.Credentials{}, err
	}
	return w.Broker.Credentials(ctx, c, req, ui)
}

func newWorld() *world {
	w := &world{profiles: profiles{}, sealed: &sealed{items: map[string]fob.Secret{}}}
	w.retrieve = func(context.Context, fob.Profile, principal.Env) (fob.Credentials, error) {
		return lasting(time.Hour), nil
	}
	kind := principal.Kind{
		Name:   "user",
		Fields: []principal.Field{{Key: "aws_access_key_id"}, {Key: "mfa_serial"}, {Key: "mfa_process"}, {Key: "user_session"}, {Key: "duration_seconds"}},
		Match:  func(p fob.Profile) bool { return p.Get("role_arn") == "" },
		Yields: func(p fob.Profile) principal.Yield {
			if p.Secrets["aws_session_token"].IsZero() {
				return principal.StaticKeys
			}
			return principal.Session
		},
		Open: w.open,
	}
	role := kind
	role.Name, role.Yields = "role", func(fob.Profile) principal.Yield { return principal.Session }
	role.Fields = append([]principal.Field{{Key: "role_arn"}, {Key: "source_profile"}, {Key: "external_id"}}, kind.Fields...)
	role.Match = func(p fob.Profile) bool { return p.Get("role_arn") != "" }
	role.Source = func(p fob.Profile) string { return p.Get("source_profile") }
	w.Broker = &Broker{
		Cache: func() (Sealed, error) { return w.sealed, nil },
		Now:   time.Now,
	}
	w.Kinds = []principal.Kind{role, kind}
	w.profile("jane", "aws_access_key_id", "AKIA")
	return w
}

func (w *world) open(p fob.Profile, env principal.Env) (principal.Principal, error) {
	return opened{p, func(ctx context.Context) (fob.Credentials, error) {
		if env.Source != nil {
			if _, err := env.Source.Credentials(ctx); err != nil {
				return fob.Credentials{}, err
			}
		}
		w.calls.Add(1)
		return w.retrieve(ctx, p, env)
	}}, nil
}

func (w *world) profile(name string, pairs ...string) {
	keys := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		keys[pairs[i]] = pairs[i+1]
	}
	w.profiles[name] = fob.Profile{Name: name, Keys: keys}
}

func (w *world) ask(name string, ui fob.UI) (fob.Credentials, error) {
	return w.Credentials(context.Background(), fob.Request{Profile: name}, ui)
}

func lasting(d time.Duration) fob.Credentials {
	return fob.Credentials{
		AccessKeyID: fmt.Sprintf("ASIA%d", time.Now().UnixNano()), SecretAccessKey: fob.NewSecret("FOBSECRETMARKERbroker"),
		SessionToken: fob.NewSecret("FOBSECRETMARKERtoken"), Expiration: time.Now().Add(d),
	}
}

func TestThousandCallersOneRetrieval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.retrieve = func(context.Context, fob.Profile, principal.Env) (fob.Credentials, error) {
			time.Sleep(time.Second) // a slow STS, in the bubble's time
			return lasting(time.Hour), nil
		}
		var failed atomic.Int32
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				if _, err := w.ask("jane", fob.UI{}); err != nil {
					failed.Add(1)
				}
			})
		}
		all.Wait()
		if w.calls.Load() != 1 || failed.Load() != 0 {
			t.Errorf("%d retrievals, %d failures", w.calls.Load(), failed.Load())
		}
		w.Forget()
	})
}

func TestACallerThatLeavesCancelsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.retrieve = func(ctx context.Context, _ fob.Profile, _ principal.Env) (fob.Credentials, error) {
			time.Sleep(time.Second)
			return lasting(time.Hour), ctx.Err()
		}
		first, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := w.Credentials(first, fob.Request{Profile: "jane"}, fob.UI{}); !errors.Is(err, context.Canceled) {
				t.Errorf("the one who left got %v", err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if _, err := w.ask("jane", fob.UI{}); err != nil {
				t.Errorf("the one who stayed got %v", err)
			}
		})
		synctest.Wait()
		leave()
		all.Wait()
		if n := w.calls.Load(); n != 1 {
			t.Errorf("%d retrievals", n)
		}
		w.Forget()
	})
}

// A background tool starts a retrieval that needs a code; then somebody at a
// terminal asks for the same. They must be asked, not be told that nobody is there.
func TestThePersonAmongTheCallersIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.retrieve = func(ctx context.Context, _ fob.Profile, env principal.Env) (fob.Credentials, error) {
			time.Sleep(time.Second)
			if _, err := env.UI.Ask(ctx, fob.Question{Kind: fob.AskMFACode}); err != nil {
				return fob.Credentials{}, err
			}
			return lasting(time.Hour), nil
		}
		nobody := fob.UI{ID: 1, AskFunc: func(context.Context, fob.Question) (fob.Secret, error) { return fob.Secret{}, fob.ErrNobody }}
		asked := 0
		person := fob.UI{ID: 2, AskFunc: func(context.Context, fob.Question) (fob.Secret, error) { asked++; return fob.NewSecret("123456"), nil }}
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := w.ask("jane", nobody); !errors.Is(err, fob.ErrNobody) {
				t.Errorf("without a terminal: %v", err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if _, err := w.ask("jane", person); err != nil {
				t.Errorf("at the terminal: %v", err)
			}
		})
		all.Wait()
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
		w.Forget()
	})
}

func TestADismissedPromptFailsAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		prompts := 0
		w.retrieve = func(ctx context.Context, _ fob.Profile, env principal.Env) (fob.Credentials, error) {
			time.Sleep(time.Second)
			_, err := env.UI.Ask(ctx, fob.Question{Kind: fob.AskMFACode})
			return fob.Credentials{}, err
		}
		var all sync.WaitGroup
		for i := range 20 {
			ui := fob.UI{ID: int64(i + 1), AskFunc: func(context.Context, fob.Question) (fob.Secret, error) {
				prompts++
				return fob.Secret{}, fob.Errorf(fob.ErrCancelled, "cancelled")
			}}
			all.Go(func() {
				if _, err := w.ask("jane", ui); !errors.Is(err, fob.ErrCancelled) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if prompts != 1 {
			t.Errorf("%d prompts", prompts)
		}
	})
}

// STS is down for longer than the credentials live: they are served to their
// end, nothing is served after it, and when STS is back all is well again.
func TestServedWhileSTSIsDownNeverExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		if _, err := w.ask("jane", fob.UI{}); err != nil {
			t.Fatal(err)
		}
		down := fob.Errorf(fob.ErrNetwork, "no answer")
		w.retrieve = func(context.Context, fob.Profile, principal.Env) (fob.Credentials, error) {
			return fob.Credentials{}, down
		}
		start := time.Now()
		for time.Since(start) < 90*time.Minute {
			c, err := w.ask("jane", fob.UI{})
			switch {
			case err == nil && c.Remaining(time.Now()) <= 0:
				t.Fatalf("expired credentials served after %v", time.Since(start))
			case err != nil && time.Since(start) < time.Hour-time.Second:
				t.Fatalf("refused after %v: %v", time.Since(start), err)
			}
			time.Sleep(10 * time.Second)
		}
		if n := w.calls.Load(); n > 400 {
			t.Errorf("%d attempts while down: a storm", n)
		}
		down = nil
		w.retrieve = func(context.Context, fob.Profile, principal.Env) (fob.Credentials, error) {
			return lasting(time.Hour), nil
		}
		if _, err := w.ask("jane", fob.UI{}); err != nil {
			t.Error(err)
		}
		w.Forget()
	})
}

func TestRefreshedAheadOnlyWhileInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		start := time.Now()
		for time.Since(start) < 5*time.Hour { // in use: a call a minute
			before := w.calls.Load()
			c, err := w.ask("jane", fob.UI{})
			if err != nil || c.Remaining(time.Now()) < 15*time.Minute {
				t.Fatalf("after %v: %v left, %v", time.Since(start), c.Remaining(time.Now()), err)
			}
			if time.Since(start) > time.Minute && w.calls.Load() != before {
				t.Fatalf("after %v a caller had to wait for a renewal", time.Since(start))
			}
			time.Sleep(time.Minute)
		}
		in := w.calls.Load()
		time.Sleep(10 * time.Hour) // idle
		if out := w.calls.Load(); in < 6 || in > 9 || out > in+1 {
			t.Errorf("%d renewals in use, %d more while idle", in, out-in)
		}
		w.Forget()
	})
}

func TestASlowRenewalDoesNotHoldUpWhoHasValidCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		first, _ := w.ask("jane", fob.UI{})
		time.Sleep(50 * time.Minute)
		w.retrieve = func(context.Context, fob.Profile, principal.Env) (fob.Credentials, error) {
			time.Sleep(20 * time.Second)
			return lasting(time.Hour), nil
		}
		began := time.Now()
		c, err := w.ask("jane", fob.UI{})
		if err != nil || c.AccessKeyID != first.AccessKeyID || time.Since(began) > renewPatience {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		time.Sleep(time.Minute)
		w.Forget()
	})
}

func TestTheClockSetBackRevivesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		var shift atomic.Int64
		w.Now = func() time.Time { return time.Now().Add(time.Duration(shift.Load())) }
		if _, err := w.ask("jane", fob.UI{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(61 * time.Minute)
		shift.Store(int64(-30 * time.Minute)) // the wall says that half an hour is left
		e := &entry{creds: fob.Credentials{Expiration: time.Now().Add(-time.Minute)}, obtained: time.Now().Add(-61 * time.Minute)}
		if e.remaining(time.Now()) > 0 {
			t.Error("revived")
		}
		w.Forget()
	})
}

func TestARestartFindsTheSealedCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		first, err := w.ask("jane", fob.UI{})
		if err != nil {
			t.Fatal(err)
		}
		w.Flush()
		w.Forget()
		again := newWorld()
		again.sealed = w.sealed
		plan, err := again.Plan(fob.Request{Profile: "jane"})
		if err != nil {
			t.Fatal(err)
		}
		if until, cached := again.Peek(plan); !again.Names()["jane"] || !cached || !until.Equal(first.Expiration) {
			t.Errorf("a listing does not know it: %v %v", again.Names(), until)
		}
		second, err := again.ask("jane", fob.UI{})
		if err != nil || second.AccessKeyID != first.AccessKeyID || again.calls.Load() != 0 {
			t.Errorf("%v: retrieved %d times", err, again.calls.Load())
		}
		again.Forget()
	})
}

// Two agents, or programs without one, share a lock file and a sealed cache.
func TestOneRetrievalAcrossProcesses(t *testing.T) {
	t.Parallel()
	lockFile := filepath.Join(t.TempDir(), "principals")
	one, two := newWorld(), newWorld()
	two.sealed = one.sealed
	one.LockFile, two.LockFile = lockFile, lockFile
	entered := make(chan struct{})
	release := make(chan struct{})
	one.retrieve = func(context.Context, fob.Profile, principal.Env) (fob.Credentials, error) {
		close(entered)
		<-release
		return lasting(time.Hour), nil
	}
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := one.ask("jane", fob.UI{}); err != nil {
			t.Error(err)
		}
	})
	<-entered
	all.Go(func() {
		if _, err := two.ask("jane", fob.UI{}); err != nil {
			t.Error(err)
		}
	})
	close(release)
	all.Wait()
	// The second may have looked before the first had saved; it asks again then.
	// What must never be is that both retrieve at the same time.
	if n := two.calls.Load(); n > 1 {
		t.Errorf("the second process retrieved %d times", n)
	}
}

func TestADeadSessionIsReplacedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.profile("role", "role_arn", "arn:aws:iam::1:role/r", "source_profile", "jane", "mfa_serial", "arn:m")
		dead := true
		w.retrieve = func(_ context.Context, p fob.Profile, _ principal.Env) (fob.Credentials, error) {
			if p.Name == "role" && dead {
				dead = false
				return fob.Credentials{}, principal.Explain("role", "role", &expired{})
			}
			return lasting(time.Hour), nil
		}
		if _, err := w.ask("role", fob.UI{}); err != nil {
			t.Fatal(err)
		}
		if n := w.calls.Load(); n != 4 { // session, role, session again, role again
			t.Errorf("%d retrievals", n)
		}
		w.Forget()
	})
}

func TestAPanicEndsOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.retrieve = func(context.Context, fob.Profile, principal.Env) (fob.Credentials, error) {
			panic("FOBSECRETMARKERpanic")
		}
		_, err := w.ask("jane", fob.UI{})
		if !errors.Is(err, fob.ErrInternal) || strings.Contains(err.Error(), "MARKER") {
			t.Error(err)
		}
	})
}

func TestEveryFactChangesTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld()
	base := map[string]string{"role_arn": "arn:aws:iam::1:role/r", "source_profile": "jane"}
	seen := map[string]string{}
	check := func(what string, keys map[string]string) {
		w.profiles["r"] = fob.Profile{Name: "r", Keys: keys}
		plan, err := w.Plan(fob.Request{Profile: "r"})
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := seen[plan[0].Key]; twice {
			t.Errorf("%s and %s have one key", what, other)
		}
		seen[plan[0].Key] = what
	}
	check("base", base)
	for _, key := range []string{"role_arn", "external_id", "duration_seconds", "region", "endpoint_url"} {
		keys := maps.Clone(base)
		keys[key] += "900"
		check(key, keys)
	}
	w.profile("jane", "aws_access_key_id", "OTHER")
	check("the source's key", base)
}

// A caller that looked into the cache just before a flight landed gets what it
// brought, and starts none of its own.
func TestLateBoarder(t *testing.T) {
	t.Parallel()
	w := newWorld()
	first, err := w.ask("jane", fob.UI{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := w.Plan(fob.Request{Profile: "jane"})
	if err != nil {
		t.Fatal(err)
	}
	late, err := w.retrieveOnce(t.Context(), plan, fob.UI{}) // having seen nothing
	if err != nil || late.AccessKeyID != first.AccessKeyID || w.calls.Load() != 1 {
		t.Errorf("%s, then %s in %d calls, %v", first.AccessKeyID, late.AccessKeyID, w.calls.Load(), err)
	}
	// What the caller has seen itself and wants renewed is.
	<-w.join(plan, fob.UI{}, w.cached(plan)).done
	if w.calls.Load() != 2 {
		t.Errorf("%d calls, want 2", w.calls.Load())
	}
}
