package vault

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"fob/internal/fob"
)

// Waiting for a person who is asked elsewhere, as in the broker (ADR 15).
const (
	noticeAfter = time.Second
	nobodyLimit = 45 * time.Second // SDKs give a process a minute
	// windowAfter is longer than anything takes that asks nobody: the keyring's own
	// window is open, which no question tells of, or another process asks.
	windowAfter = 5 * time.Second
)

// flight is one thing done to the vault, which others who want the same wait for.
type flight struct {
	done   chan struct{}
	shared bool  // its result is that of whoever waits, too
	leader int64 // the id of the UI that asks
	began  time.Time
	asks   atomic.Pointer[string] // the question that is open
	err    error
	// prompted is set if a prompter dismissed the question, for nobody sits at the leader's
	// own front end.
	prompted bool
}

// alone runs do while nothing else does. With shared, a call that waited for
// another shared one takes over its result, so that a person is asked once. do
// asks by the UI that it is given, of which those who wait know.
func (s *Store) alone(ctx context.Context, shared bool, ui fob.UI, do func(ui fob.UI) error) error {
	began := time.Now()
	for {
		s.mu.Lock()
		other := s.flight
		if other == nil {
			break
		}
		s.mu.Unlock()
		if err := other.wait(ctx, ui, began); err != nil {
			return err
		}
		if shared && other.shared && !other.ownFault(ctx, ui) {
			return other.err
		}
	}
	fl := &flight{done: make(chan struct{}), shared: shared, leader: ui.ID, began: time.Now(), err: fob.ErrInternal}
	s.flight = fl
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.flight = nil
		s.mu.Unlock()
		close(fl.done)
	}()
	fl.err = do(fl.watch(ui))
	fl.prompted = errors.Is(fl.err, fob.ErrCancelled) && !ui.Reach(ctx).Here
	return fl.err
}

// ownFault reports whether a failure is of the caller who asked and not of the vault,
// so that one who waits tries for itself: that caller went away or has nobody to ask,
// or its person said no, who is not the person of the one who waits. A prompter stands
// in for everybody else: what was dismissed there is asked again only of a person who
// sits at the front end that waits.
func (fl *flight) ownFault(ctx context.Context, ui fob.UI) bool {
	switch {
	case errors.Is(fl.err, fob.ErrNobody) || errors.Is(fl.err, context.Canceled) || errors.Is(fl.err, context.DeadlineExceeded):
		return true
	case !errors.Is(fl.err, fob.ErrCancelled) || fl.leader == ui.ID:
		return false
	}
	return !fl.prompted || ui.Reach(ctx).Here
}

// wait waits for a flight to land. A person who waits for another's answer is told,
// and a caller that nobody sits at gives up, so long after it began.
func (fl *flight) wait(ctx context.Context, ui fob.UI, began time.Time) error {
	tick := time.NewTimer(noticeAfter)
	defer tick.Stop()
	for {
		select {
		case <-fl.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		what := fl.asked()
		switch {
		case fl.leader == ui.ID:
			continue // it is asked itself; the timer is not set again
		case what == "":
			tick.Reset(noticeAfter)
		case ui.Reach(ctx).Here:
			ui.Tell(ctx, "somebody is asked elsewhere already, and this waits for it: "+what)
		default:
			left := nobodyLimit - time.Since(began)
			if left <= 0 {
				return fob.Errorf(fob.ErrNobody, "somebody is asked elsewhere already: %s", what).WithHint("answer there, then try again")
			}
			tick.Reset(left)
		}
	}
}

// asked is what somebody is asked for now; nothing while nobody is.
func (fl *flight) asked() string {
	switch what := fl.asks.Load(); {
	case what != nil:
		return *what
	case time.Since(fl.began) > windowAfter:
		return "to unlock the vault"
	}
	return ""
}

// watch notes which question is open.
func (fl *flight) watch(ui fob.UI) fob.UI {
	note := func(what string) (answered func()) {
		fl.asks.Store(&what)
		return func() { fl.asks.Store(nil) }
	}
	if ask := ui.AskFunc; ask != nil {
		ui.AskFunc = func(ctx context.Context, q fob.Question) (fob.Secret, error) {
			what := q.Prompt
			switch q.Kind { // whatever was wrong before is between fob and who typed it
			case fob.AskPassphrase:
				what = "the passphrase of the vault"
			case fob.AskNewPhrase:
				what = "a new passphrase for the vault"
			}
			defer note(what)()
			return ask(ctx, q)
		}
	}
	if confirm := ui.ConfirmFunc; confirm != nil {
		ui.ConfirmFunc = func(ctx context.Context, c fob.Confirmation) error {
			defer note(c.Title)()
			return confirm(ctx, c)
		}
	}
	return ui
}
