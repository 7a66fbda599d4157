package broker

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/fob"
	"fob/internal/principal"
)

// serving asks as a server on loopback does.
func (w *world) serving(minValid time.Duration, ui fob.UI) (fob.Credentials, error) {
	return w.Credentials(context.Background(), fob.Request{Profile: "jane", MinValid: minValid, Patience: 500 * time.Millisecond}, ui)
}

// A server that asks every second has what it wants where the source can give it,
// and the source is not asked for more than its lifetime allows.
func TestAServersClientsHaveTime(t *testing.T) {
	for lifetime, want := range map[time.Duration]struct {
		least time.Duration
		calls int32
	}{
		12 * time.Hour:   {20 * time.Minute, 2},
		time.Hour:        {20 * time.Minute, 6},
		30 * time.Minute: {20 * time.Minute, 20},
		15 * time.Minute: {12*time.Minute + 29*time.Second, 76},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.retrieve = func(context.Context, fob.Profile, principal.Env) (fob.Credentials, error) {
				return lasting(lifetime), nil
			}
			least := lifetime
			for range 3 * 3600 / 10 {
				c, err := w.serving(20*time.Minute, fob.UI{})
				if err != nil {
					t.Fatal(err)
				}
				least = min(least, time.Until(c.Expiration))
				time.Sleep(10 * time.Second)
			}
			if calls := w.calls.Load(); least < want.least-10*time.Second || calls > want.calls {
				t.Errorf("of %v: %v left at least, %d retrievals in three hours", lifetime, least, calls)
			}
			w.Forget()
		})
	}
}

// While there are valid credentials, neither a slow AWS nor a person who is away
// keeps a server's clients waiting, and nobody is bothered for those that are good.
func TestAServerDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		var prompts atomic.Int32
		away := fob.UI{ID: 7, AskFunc: func(ctx context.Context, _ fob.Question) (fob.Secret, error) {
			prompts.Add(1)
			<-ctx.Done()
			return fob.Secret{}, ctx.Err()
		}}
		first, err := w.serving(20*time.Minute, away)
		if err != nil {
			t.Fatal(err)
		}
		w.retrieve = func(ctx context.Context, _ fob.Profile, env principal.Env) (fob.Credentials, error) {
			_, err := env.UI.Ask(ctx, fob.Question{Kind: fob.AskMFACode})
			return fob.Credentials{}, err
		}
		for left := time.Until(first.Expiration); left > 2*time.Second; left = time.Until(first.Expiration) {
			began := time.Now()
			c, err := w.serving(20*time.Minute, away)
			if err != nil || c.AccessKeyID != first.AccessKeyID || time.Since(began) > 500*time.Millisecond {
				t.Fatalf("with %v left: %v after %v", left, err, time.Since(began))
			}
			if n := prompts.Load(); left > handoutMin && n > 0 {
				t.Fatalf("asked with %v left", left)
			}
			time.Sleep(time.Second)
		}
		if n := prompts.Load(); n == 0 || n > 5 {
			t.Errorf("asked %d times", n)
		}
		if calls := w.calls.Load(); calls > 60 {
			t.Errorf("%d attempts in an hour", calls)
		}
		w.Forget()
		time.Sleep(flightLimit)
	})
}
