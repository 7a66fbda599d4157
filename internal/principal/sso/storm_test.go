package sso

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/fakeaws"
	"fob/internal/fob"
	"fob/internal/principal"
)

// Many callers at once want roles of one sign-in, and the portal takes 20 calls a
// second: all of them get theirs, while a search goes on as well.
func TestManyRolesAtOnce(t *testing.T) {
	for _, retryAfter := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			const accounts = 118
			w := newWorld(accounts)
			w.aws.SetSSO(func(s *fakeaws.SSOSettings) { s.Rate, s.Burst, s.RetryAfter = 20, 5, retryAfter })
			source := newSource(w, w.mustLogin(t))
			var limits principal.Limits
			env := w.env()
			env.Limits = &limits
			roles := map[string]string{}
			err := open(w.profile, env).Discover(t.Context(), principal.Discovery{Source: source, Found: func(a fob.Account, _ int) {
				if len(a.Roles) > 0 {
					roles[a.ID] = a.Roles[0]
				}
			}})
			if err != nil || len(roles) != accounts {
				t.Fatal(err, len(roles))
			}
			env.Source = source
			began := time.Now()
			var running sync.WaitGroup
			for id, name := range roles {
				p := w.profile.With("sso_account_id", id).With("sso_role_name", name)
				running.Go(func() {
					if _, err := (&role{p, env}).Credentials(t.Context()); err != nil {
						t.Errorf("account %s: %v", id, err)
					}
				})
			}
			running.Go(func() {
				search := principal.Discovery{Source: source, Found: func(fob.Account, int) {}}
				if err := open(w.profile, env).Discover(context.WithoutCancel(t.Context()), search); err != nil {
					t.Error("the search:", err)
				}
			})
			running.Wait()
			if calls := w.count("/federation/credentials"); calls > accounts+40 {
				t.Errorf("%d calls for %d roles in %v", calls, accounts, time.Since(began))
			}
			w.aws.Close()
		})
	}
}

// A sign-in that the portal keeps waiting for good is told so in time.
func TestThrottledForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1)
		env := w.env()
		env.Source = newSource(w, w.mustLogin(t))
		w.aws.Fail(fakeaws.Fault{Kind: fakeaws.FaultThrottle, Action: "GetRoleCredentials"})
		began := time.Now()
		p := w.profile.With("sso_account_id", "111122223333").With("sso_role_name", "Role01")
		_, err := (&role{p, env}).Credentials(t.Context())
		if waited := time.Since(began); err == nil || fob.HintOf(err) == "" || waited < 30*time.Second || waited > time.Minute {
			t.Errorf("%v after %v", err, waited)
		}
		w.aws.Close()
	})
}
