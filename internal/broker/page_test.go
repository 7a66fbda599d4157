package broker

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/fob"
	"fob/internal/principal"
)

// pages is a world in which credentials take a page on which somebody signs in.
type pages struct {
	*world
	signIn chan struct{} // somebody does
}

func newPages() *pages {
	p := &pages{newWorld(), make(chan struct{})}
	p.retrieve = func(ctx context.Context, _ fob.Profile, env principal.Env) (fob.Credentials, error) {
		if _, err := env.UI.Open(ctx, fob.Page{Title: "sign in to corp", URL: "http://127.0.0.1/authorize"}); err != nil {
			return fob.Credentials{}, err
		}
		select {
		case <-p.signIn:
			return lasting(time.Hour), nil
		case <-ctx.Done():
			return fob.Credentials{}, ctx.Err()
		}
	}
	return p
}

// person is somebody at a front end.
type person struct {
	fob.UI
	opened atomic.Int32 // pages
	told   atomic.Pointer[string]
	gone   chan struct{}
	err    chan error // what came of a request
}

func newPerson(id int64, terminal bool) *person {
	p := &person{gone: make(chan struct{}), err: make(chan error, 1)}
	p.UI = fob.UI{ID: id,
		AskFunc: func(context.Context, fob.Question) (fob.Secret, error) { return fob.Secret{}, fob.ErrNobody },
		OpenFunc: func(context.Context, fob.Page) (<-chan struct{}, error) {
			if !terminal {
				return nil, fob.ErrNobody
			}
			p.opened.Add(1)
			return p.gone, nil
		},
		ReachFunc: func(context.Context) fob.Reach { return fob.Reach{Here: terminal} },
		TellFunc:  func(_ context.Context, text string) { p.told.Store(&text) },
	}
	return p
}

// asks makes a request that ends when the person leaves.
func (p *person) asks(w *pages, onPurpose bool) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-p.gone:
		case <-ctx.Done():
		}
		cancel()
	}()
	go func() {
		defer cancel()
		plan, err := w.Plan(fob.Request{Profile: "jane"})
		if err == nil {
			plan[0].OnPurpose = onPurpose
			_, err = w.get(ctx, plan, p.UI, want{})
		}
		p.err <- err
	}()
}

// Whoever was to sign in presses Ctrl-C: the page is nobody's any more, and the next
// who waits, or comes, gets one of their own.
func TestAPageThatNobodySees(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newPages()
		first, second, third := newPerson(1, true), newPerson(2, true), newPerson(3, true)
		first.asks(w, true)
		time.Sleep(10 * time.Millisecond)
		second.asks(w, false)
		time.Sleep(2 * time.Second)
		if n := second.opened.Load(); n != 0 {
			t.Fatal("a second page")
		}
		if told := second.told.Load(); told == nil || !strings.Contains(*told, "sign in to corp") {
			t.Fatal("who waits is not told")
		}
		close(first.gone)
		if err := <-first.err; !errors.Is(err, context.Canceled) && !errors.Is(err, fob.ErrNobody) {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := second.opened.Load(); n != 1 {
			t.Fatalf("%d pages for the second", n)
		}
		close(second.gone)
		synctest.Wait()
		third.asks(w, false)
		synctest.Wait()
		if n := third.opened.Load(); n != 1 {
			t.Fatalf("%d pages for the third", n)
		}
		w.signIn <- struct{}{}
		if err := <-third.err; err != nil {
			t.Fatal(err)
		}
	})
}

// A page that somebody else was shown, at a prompter, outlives the caller, and not that
// one.
func TestAPageAtAPrompter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newPages()
		prompter := newPerson(9, true)
		program, late := newPerson(1, false), newPerson(2, false)
		program.OpenFunc, late.OpenFunc = prompter.OpenFunc, prompter.OpenFunc
		program.asks(w, false)
		synctest.Wait()
		close(program.gone)
		if err := <-program.err; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		late.asks(w, false)
		synctest.Wait()
		if n := prompter.opened.Load(); n != 1 {
			t.Fatalf("%d pages: the first was ended with its caller", n)
		}
		close(prompter.gone)
		if err := <-late.err; !errors.Is(err, fob.ErrNobody) {
			t.Fatal(err)
		}
	})
}

// Who asks for the sign-in itself is shown the page that is open, and keeps it open.
func TestAPageForTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newPages()
		first, second := newPerson(1, true), newPerson(2, true)
		first.asks(w, false)
		time.Sleep(10 * time.Millisecond)
		second.asks(w, true)
		time.Sleep(2 * time.Second)
		if n := second.opened.Load(); n != 1 {
			t.Fatalf("%d pages for the second", n)
		}
		close(first.gone)
		<-first.err
		synctest.Wait()
		w.signIn <- struct{}{}
		if err := <-second.err; err != nil || w.calls.Load() != 1 {
			t.Fatal(err, w.calls.Load())
		}
	})
}

// A program that nobody sits at does not wait for ever for somebody else's answer.
func TestNobodyWaitsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newPages()
		first, program := newPerson(1, true), newPerson(2, false)
		first.asks(w, true)
		time.Sleep(10 * time.Millisecond)
		began := time.Now()
		program.asks(w, false)
		err := <-program.err
		if !errors.Is(err, fob.ErrNobody) || !strings.Contains(err.Error(), "sign in to corp") || time.Since(began) > 55*time.Second {
			t.Fatal(err, time.Since(began))
		}
		w.signIn <- struct{}{}
		if err := <-first.err; err != nil {
			t.Fatal(err)
		}
	})
}

// What is on its way when the vault is locked reaches nobody.
func TestLockedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newPages()
		w.retrieve = func(ctx context.Context, _ fob.Profile, _ principal.Env) (fob.Credentials, error) {
			time.Sleep(3 * time.Second) // an answer that no cancellation stops
			return lasting(time.Hour), nil
		}
		p := newPerson(1, true)
		p.asks(w, false)
		time.Sleep(time.Second)
		w.Forget()
		if err := <-p.err; !errors.Is(err, fob.ErrLocked) {
			t.Fatal(err)
		}
		w.Flush()
		if len(w.Names()) != 0 || len(w.sealed.items) != 0 {
			t.Fatal("it was kept")
		}
	})
}

// What is on its way when a sign-in ends is not kept, and who waits begins anew.
func TestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newPages()
		p := newPerson(1, true)
		p.asks(w, false)
		synctest.Wait()
		plan, err := w.Plan(fob.Request{Profile: "jane"})
		if err != nil {
			t.Fatal(err)
		}
		waiting := newPerson(2, true)
		err = w.Exclusively(t.Context(), plan, true, fob.UI{}, func() error {
			waiting.asks(w, false)
			synctest.Wait()
			if waiting.opened.Load() != 0 {
				t.Error("not alone")
			}
			return w.Drop(t.Context(), plan[0].Key, true)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-p.err; !errors.Is(err, fob.ErrNobody) {
			t.Fatal(err)
		}
		synctest.Wait()
		if waiting.opened.Load() != 1 {
			t.Error("who waited does not begin anew")
		}
		w.signIn <- struct{}{}
		if err := <-waiting.err; err != nil {
			t.Fatal(err)
		}
	})
}

// A search that goes on for minutes asks its source again and again: once that was
// ended, or everything locked, it must not sign in by itself.
func TestASourceThatWasEnded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end  func(w *world, plan Plan) error
		want error
	}{
		"locked": {func(w *world, _ Plan) error { w.Forget(); return nil }, fob.ErrLocked},
		"signed out": {func(w *world, plan Plan) error {
			return w.Exclusively(context.Background(), plan, true, fob.UI{}, func() error { return w.Drop(context.Background(), plan[0].Key, true) })
		}, fob.ErrNobody},
	} {
		w := newWorld()
		plan, err := w.Plan(fob.Request{Profile: "jane"})
		if err != nil {
			t.Fatal(err)
		}
		tokens, source := w.Env(Step{}, fob.UI{}).Tokens, w.Source(plan, fob.UI{})
		if _, err := source.Credentials(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.end(w, plan); err != nil {
			t.Fatal(err)
		}
		calls := w.calls.Load()
		if _, err := source.Credentials(t.Context()); !errors.Is(err, c.want) || w.calls.Load() != calls {
			t.Errorf("%s: %v", name, err)
		}
		if err := tokens.Put(t.Context(), "refresh", fob.NewSecret("x")); (c.want == fob.ErrLocked) != errors.Is(err, fob.ErrLocked) {
			t.Errorf("%s: a token was kept: %v", name, err)
		}
		if _, err := w.Source(plan, fob.UI{}).Credentials(t.Context()); err != nil {
			t.Errorf("%s: who begins anew: %v", name, err)
		}
	}
}

// Who joins a role's retrieval is told what its source asks for.
func TestAskedForTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newPages()
		w.profile("jane", "aws_access_key_id", "AKIA", "mfa_serial", "S") // whose session serves the role
		w.profile("role", "role_arn", "arn", "source_profile", "jane")
		inner := w.retrieve
		w.retrieve = func(ctx context.Context, p fob.Profile, env principal.Env) (fob.Credentials, error) {
			if p.Name == "role" {
				return lasting(time.Hour), nil
			}
			return inner(ctx, p, env)
		}
		first, program, person := newPerson(1, true), newPerson(2, false), newPerson(3, true)
		first.asks(w, true)
		time.Sleep(10 * time.Millisecond)
		done := make(chan error, 2)
		for _, ui := range []fob.UI{program.UI, person.UI} {
			go func() {
				_, err := w.ask("role", ui)
				done <- err
			}()
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		if told := person.told.Load(); told == nil || !strings.Contains(*told, "sign in to corp") {
			t.Error("nobody told")
		}
		w.signIn <- struct{}{}
		if err := errors.Join(<-first.err, <-done, <-done); err != nil {
			t.Error(err)
		}
	})
}
