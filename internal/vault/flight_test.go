package vault

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/fob"
	"fob/internal/vault/unlock"
	"fob/internal/vault/unlock/unlocktest"
)

// frontEnd is a front end with an id, with or without a person. Its questions wait for answers; it
// records messages.
type frontEnd struct {
	fob.UI
	told    []string
	answers chan error
}

func newFrontEnd(id int64, sits bool) *frontEnd {
	f := &frontEnd{answers: make(chan error)}
	f.UI = fob.UI{
		ID:       id,
		TellFunc: func(_ context.Context, m string) { f.told = append(f.told, m) },
		AskFunc:  func(context.Context, fob.Question) (fob.Secret, error) { return fob.Secret{}, fob.ErrNobody },
	}
	if sits {
		f.ReachFunc = func(context.Context) fob.Reach { return fob.Reach{Here: true} }
		f.AskFunc = func(ctx context.Context, _ fob.Question) (fob.Secret, error) {
			select {
			case err := <-f.answers:
				return fob.NewSecret(unlocktest.Phrase), err
			case <-ctx.Done():
				return fob.Secret{}, ctx.Err()
			}
		}
	}
	return f
}

// opened unlocks for a front end, and returns the channel for the error.
func opened(t *testing.T, s *Store, f *frontEnd) <-chan error {
	done := make(chan error, 1)
	go func() { done <- s.Unlock(t.Context(), f.UI) }()
	synctest.Wait()
	return done
}

// passphraseStore is a locked vault with the method passphrase.
func passphraseStore(t *testing.T) *Store {
	t.Helper()
	s := New(testHome(t.TempDir()), testMethods())
	_, err := s.Init(t.Context(), "passphrase", Options{}, unlocktest.Person())
	ok(t, err)
	return fresh(s)
}

func TestWhoWaitsIsTold(t *testing.T) {
	t.Parallel()
	s := passphraseStore(t)
	synctest.Test(t, func(t *testing.T) {
		first, second, same, program := newFrontEnd(1, true), newFrontEnd(2, true), newFrontEnd(1, true), newFrontEnd(3, false)
		a := opened(t, s, first)
		start := time.Now()
		b, again := opened(t, s, second), opened(t, s, same)
		c := opened(t, s, program)
		fails(t, <-c, fob.ErrNobody, "somebody is asked elsewhere already: the passphrase of the vault", "answer there, then try again")
		if d := time.Since(start); d != nobodyLimit {
			t.Error("a program waited for", d)
		}
		synctest.Wait()
		if len(program.told) != 0 || len(same.told) != 0 {
			t.Error(program.told, same.told)
		}
		if len(second.told) != 1 || second.told[0] != "somebody is asked elsewhere already, and this waits for it: the passphrase of the vault" {
			t.Error(second.told)
		}
		time.Sleep(time.Hour)
		first.answers <- nil
		for _, done := range []<-chan error{a, b, again} {
			ok(t, <-done)
		}
	})
}

// A short wait is not announced.
func TestWhoHardlyWaitsIsNotTold(t *testing.T) {
	t.Parallel()
	s := passphraseStore(t)
	synctest.Test(t, func(t *testing.T) {
		first, second := newFrontEnd(1, true), newFrontEnd(2, true)
		a, b := opened(t, s, first), opened(t, s, second)
		time.Sleep(noticeAfter - 1)
		first.answers <- nil
		ok(t, errors.Join(<-a, <-b))
		if len(second.told) != 0 {
			t.Error(second.told)
		}
	})
}

// A dismissal by one person does not count for another, but it counts for all waiting requests of
// the same person.
func TestSomebodyElseCancelled(t *testing.T) {
	t.Parallel()
	s := passphraseStore(t)
	synctest.Test(t, func(t *testing.T) {
		first, second, same, program := newFrontEnd(1, true), newFrontEnd(2, true), newFrontEnd(1, true), newFrontEnd(3, false)
		a := opened(t, s, first)
		again, b, c := opened(t, s, same), opened(t, s, second), opened(t, s, program)
		first.answers <- fob.Errorf(fob.ErrCancelled, "cancelled")
		fails(t, <-a, fob.ErrCancelled, "", "")
		fails(t, <-again, fob.ErrCancelled, "", "")
		second.answers <- nil // now it is asked
		ok(t, <-b)
		if err := <-c; err != nil && (!errors.Is(err, fob.ErrNobody) || fob.HintOf(err) == "") { // whichever came first
			t.Error(err)
		}
		ok(t, s.Unlock(t.Context(), fob.UI{}))
	})
}

// A dismissal at a prompter counts for all waiting programs. A person at another terminal is still
// asked.
func TestDismissedAtAPrompter(t *testing.T) {
	t.Parallel()
	s := passphraseStore(t)
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		dismiss := make(chan struct{})
		prompted := func(id int64) *frontEnd {
			f := newFrontEnd(id, false)
			f.AskFunc = func(context.Context, fob.Question) (fob.Secret, error) {
				asked++
				<-dismiss
				return fob.Secret{}, fob.Errorf(fob.ErrCancelled, "dismissed")
			}
			return f
		}
		person := newFrontEnd(4, true)
		first := opened(t, s, prompted(1))
		others := []<-chan error{opened(t, s, prompted(2)), opened(t, s, prompted(3))}
		own := opened(t, s, person)
		close(dismiss)
		for _, one := range append(others, first) {
			fails(t, <-one, fob.ErrCancelled, "dismissed", "")
		}
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
		person.answers <- nil
		ok(t, <-own)
	})
}

// However many people are asked in turn, a program waits 45 seconds in all.
func TestPatienceIsOne(t *testing.T) {
	t.Parallel()
	s := passphraseStore(t)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		// Changes do not share results, so the program waits for each in turn.
		var all []*frontEnd
		for id := range int64(4) {
			f := newFrontEnd(id+1, true)
			all = append(all, f)
			go func() { _ = s.Passwd(t.Context(), f.UI) }()
		}
		synctest.Wait()
		program := opened(t, s, newFrontEnd(9, false))
		var late error
		for late == nil {
			time.Sleep(20 * time.Second)
			synctest.Wait()
			select {
			case late = <-program:
			default:
				for _, f := range all {
					select {
					case f.answers <- fob.ErrCancelled:
					default:
					}
				}
			}
		}
		fails(t, late, fob.ErrNobody, "", "")
		if d := time.Since(start); d > nobodyLimit+20*time.Second {
			t.Error("a program waited for", d)
		}
		for range all { // so that the others end too
			synctest.Wait()
			for _, f := range all {
				select {
				case f.answers <- fob.ErrCancelled:
				default:
				}
			}
		}
	})
}

// While the keyring's window is open, of which the agent sees no question, waiting callers are
// told.
func TestWaitingForAWindow(t *testing.T) {
	t.Parallel()
	k := &keeper{}
	s := New(testHome(t.TempDir()), []unlock.Method{k.method()})
	ok(t, s.EnsureUnlocked(t.Context(), unlocktest.Person()))
	s = fresh(s)
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		k.gate = gate
		first, second, program := newFrontEnd(1, true), newFrontEnd(2, true), newFrontEnd(3, false)
		a := opened(t, s, first)
		first.answers <- nil
		b, c := opened(t, s, second), opened(t, s, program)
		fails(t, <-c, fob.ErrNobody, "somebody is asked elsewhere already: to unlock the vault", "answer there")
		synctest.Wait()
		if len(second.told) != 1 || !strings.HasSuffix(second.told[0], ": to unlock the vault") {
			t.Error(second.told)
		}
		close(gate)
		ok(t, errors.Join(<-a, <-b))
	})
}
