package sso

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/fakeaws"
	"fob/internal/fob"
	"fob/internal/principal"
)

// source is a sign-in as the broker provides it: cached, and refreshed after Dead.
type source struct {
	w    *world
	turn chan struct{} // a lock that synctest's clock does not wait for
	have fob.Credentials
}

func newSource(w *world, have fob.Credentials) *source {
	return &source{w, make(chan struct{}, 1), have}
}

func (s *source) Credentials(context.Context) (fob.Credentials, error) {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.have.SessionToken.IsZero() {
		var err error
		if s.have, err = s.w.login(); err != nil {
			return fob.Credentials{}, err
		}
	}
	return s.have, nil
}

func (s *source) Dead(_ context.Context, c fob.Credentials) error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.have.SessionToken.Equal(c.SessionToken) {
		s.have = fob.Credentials{}
	}
	return nil
}

// found is the result of a search: the roles of accounts, by id.
type found map[string][]string

// discover runs a search after a sign-in.
func (w *world) discover(ctx context.Context, t *testing.T) (found, error) {
	t.Helper()
	s := newSource(w, w.mustLogin(t))
	all := found{}
	err := open(w.profile, w.env()).Discover(ctx, principal.Discovery{Source: s, Found: func(a fob.Account, _ int) {
		if a.Roles != nil {
			all[a.ID] = a.Roles
		}
	}})
	return all, err
}

// complete checks that all roles of so many accounts were found
func (f found) complete(t *testing.T, accounts int, without ...string) {
	t.Helper()
	if len(f) != accounts {
		t.Errorf("%d accounts, want %d", len(f), accounts)
	}
	for id, roles := range f {
		if want := 2; len(roles) != want && !(len(roles) == 0 && slices.Contains(without, id)) {
			t.Errorf("account %s has the roles %v", id, roles)
		}
	}
}

// However AWS throttles, and with or without Retry-After, a search slows down and finds everything.
func TestSearchSlowsDown(t *testing.T) {
	for _, fault := range []fakeaws.Fault{
		{Kind: fakeaws.FaultThrottle},
		{Kind: fakeaws.FaultError, Code: "SlowDown", Status: 503},
		{Kind: fakeaws.FaultError, Code: "SlowDownException", Status: 400},
		{Kind: fakeaws.FaultError, Code: "ThrottlingException", Status: 400},
		{Kind: fakeaws.FaultError, Code: "RequestLimitExceeded", Status: 400},
		{Kind: fakeaws.FaultError, Code: "Whatever", Status: 429},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(50)
			fault.Action = "ListAccountRoles"
			w.aws.Fail(fault)
			time.AfterFunc(20*time.Second, w.aws.Heal)
			began := time.Now()
			all, err := w.discover(t.Context(), t)
			if err != nil {
				t.Fatalf("%s: %v", fault.Code, err)
			}
			all.complete(t, 50)
			// It must slow down: at 20 calls a second there would be 400.
			if n := w.count("/assignment/roles"); n > 50+250 {
				t.Errorf("%s: %d calls in %v", fault.Code, n, time.Since(began))
			}
			if len(w.told) > 0 {
				t.Errorf("%s: %v", fault.Code, w.told)
			}
		})
	}
}

// At AWS's rate a search takes little longer than that rate allows.
func TestSearchKeepsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(400)
		w.aws.SetSSO(func(s *fakeaws.SSOSettings) { s.Rate, s.Burst = 20, 20 })
		began := time.Now()
		all, err := w.discover(t.Context(), t)
		if err != nil {
			t.Fatal(err)
		}
		all.complete(t, 400)
		if bound := (400 + 4 - 20) * time.Second / 20; time.Since(began) > bound*11/10 {
			t.Errorf("it took %v, and the throttle's own bound is %v", time.Since(began), bound)
		}
	})
}

// All calls together obey Retry-After.
func TestSearchHonoursRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(30)
		w.aws.SetSSO(func(s *fakeaws.SSOSettings) { s.Rate, s.Burst, s.RetryAfter = 0.1, 5, true })
		time.AfterFunc(30*time.Second, func() {
			w.aws.SetSSO(func(s *fakeaws.SSOSettings) { s.Rate = 0 })
		})
		all, err := w.discover(t.Context(), t)
		if err != nil {
			t.Fatal(err)
		}
		all.complete(t, 30)
		if n := w.aws.SSOCounts().Throttled; n > 3*workers {
			t.Errorf("%d calls came before they were asked to", n)
		}
	})
}

// A search survives a time in which AWS cannot be reached, for any reason.
func TestSearchOutlivesAnOutage(t *testing.T) {
	for _, kind := range []string{fakeaws.FaultUnavailable, fakeaws.FaultReset, fakeaws.FaultLost, fakeaws.FaultTruncated, fakeaws.FaultHang, "refused"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(50)
			have := w.mustLogin(t)
			if kind == "refused" {
				w.cut(45 * time.Second)
			} else {
				w.aws.Fail(fakeaws.Fault{Kind: kind, Action: "ListAccountRoles"})
				time.AfterFunc(45*time.Second, w.aws.Heal)
			}
			env, all := w.env(), found{}
			env.HTTP.Timeout = 15 * time.Second
			err := open(w.profile, env).Discover(t.Context(), principal.Discovery{Source: newSource(w, have), Found: func(a fob.Account, _ int) {
				if a.Roles != nil {
					all[a.ID] = a.Roles
				}
			}})
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			all.complete(t, 50)
			if n := w.count("/assignment/roles"); n > 50+24*15 {
				t.Errorf("%s: %d calls", kind, n)
			}
			w.aws.Close()
		})
	}
}

// If AWS stays unreachable the search gives up, after the same time for every reason, and has shown
// why nothing happens.
func TestSearchGivesUp(t *testing.T) {
	for kind, want := range map[string]error{fakeaws.FaultUnavailable: fob.ErrNetwork, fakeaws.FaultReset: fob.ErrNetwork, fakeaws.FaultThrottle: fob.ErrNetwork} {
		for _, action := range []string{"ListAccounts", "ListAccountRoles"} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(50)
				w.aws.Fail(fakeaws.Fault{Kind: kind, Action: action})
				began := time.Now()
				_, err := w.discover(t.Context(), t)
				if !errors.Is(err, want) {
					t.Errorf("%s: %v", kind, err)
				}
				if gone := time.Since(began); gone < patience || gone > patience+30*time.Second {
					t.Errorf("%s: after %v", kind, gone)
				}
				if kind != fakeaws.FaultThrottle && len(w.told) != 1 {
					t.Errorf("%s: told %q", kind, w.told)
				}
			})
		}
	}
}

// An error that waiting cannot cure ends a search at once, and so does cancelling it.
func TestSearchEndsAtOnce(t *testing.T) {
	for _, fault := range []fakeaws.Fault{
		{Kind: fakeaws.FaultHTML, Action: "ListAccounts"},
		{Kind: fakeaws.FaultError, Code: "InvalidRequestException", Status: 400, Action: "ListAccountRoles"},
		{Kind: fakeaws.FaultError, Code: "ForbiddenException", Message: "No access", Status: 403, Action: "ListAccounts"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(5)
			w.aws.Fail(fault)
			began := time.Now()
			if _, err := w.discover(t.Context(), t); err == nil || time.Since(began) > 5*time.Second {
				t.Errorf("%s%s: %v after %v", fault.Kind, fault.Code, err, time.Since(began))
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(5)
		w.aws.Fail(fakeaws.Fault{Kind: fakeaws.FaultUnavailable, Action: "ListAccountRoles"})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		began := time.Now()
		if _, err := w.discover(ctx, t); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 20*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// An account that refuses access does not stop the search of the others.
func TestSearchWithoutAccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(30)
		w.aws.Fail(fakeaws.Fault{Kind: fakeaws.FaultError, Code: "ForbiddenException", Message: "No access", Status: 403, Action: "ListAccountRoles", After: 7, Times: 1})
		w.aws.Fail(fakeaws.Fault{Kind: fakeaws.FaultError, Code: "ResourceNotFoundException", Status: 404, Action: "ListAccountRoles", After: 11, Times: 1})
		all, err := w.discover(t.Context(), t)
		if err != nil {
			t.Fatal(err)
		}
		var without []string
		for id, roles := range all {
			if len(roles) == 0 {
				without = append(without, id)
			}
		}
		if len(without) != 2 {
			t.Errorf("without roles: %s", strings.Join(without, ", "))
		}
		all.complete(t, 30, without...)
	})
}

// If the network fails during a refresh of the token, the search goes on too.
func TestSearchOutlivesARenewalWithoutALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(100)
		time.AfterFunc(time.Second, func() {
			w.aws.RevokeSSO(fakeaws.RevokeAccess)
			w.aws.Fail(fakeaws.Fault{Kind: fakeaws.FaultReset, Action: "CreateToken"})
		})
		time.AfterFunc(30*time.Second, w.aws.Heal)
		all, err := w.discover(t.Context(), t)
		if err != nil {
			t.Fatal(err)
		}
		all.complete(t, 100)
	})
}

// A person may take minutes for a new sign-in during a search; a fault of AWS's right after that
// does not end it.
func TestSearchWaitsForAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(100)
		first := true
		w.visit = func(p fob.Page) {
			if first {
				first = false
				w.browse(p)
				return
			}
			time.AfterFunc(4*time.Minute, func() {
				w.aws.Fail(fakeaws.Fault{Kind: fakeaws.FaultUnavailable, Action: "ListAccountRoles", Times: 30})
				w.browse(p)
			})
		}
		time.AfterFunc(time.Second, func() { w.aws.RevokeSSO(fakeaws.RevokeSessions) })
		all, err := w.discover(t.Context(), t)
		if err != nil {
			t.Fatal(err)
		}
		all.complete(t, 100)
	})
}
