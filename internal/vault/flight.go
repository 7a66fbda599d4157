package vault

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"fob/internal/fob"
)

// Limits for waiting while a person is asked at another front end, as in the broker (ADR 15).
const (
	noticeAfter = time.Second
	nobodyLimit = 45 * time.Second // SDKs give a process a minute
	// windowAfter is longer than any unlock that asks nobody. After that time the keyring's own
	// window is open, which the agent does not see, or another process is asking.
	windowAfter = 5 * time.Second
)

// flight is one operation on the vault, which others who want the same wait for (single flight).
type flight struct {
	done   chan struct{}
	shared bool  // its result is also that of the callers who wait
	leader int64 // the id of the UI that asks
	began  time.Time
	asks   atomic.Pointer[string] // the open question
	err    error
	// prompted is set if the question was dismissed at a prompter, because nobody is at the
	// leader's front end.
	prompted bool
}

// alone runs do while nothing else runs. With shared, a call that waited for another shared one
// returns its result, so that a person is asked once. do must ask by the UI that it gets, which
// shows the question to those who wait.
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

// ownFault reports whether an operation failed because of its own caller, so that another caller
// should try itself: the first caller left, had nobody to ask, or its user dismissed the question.
// A prompter answers for all callers: after a dismissal there, only callers with a person at their
// own front end ask again.
func (fl *flight) ownFault(ctx context.Context, ui fob.UI) bool {
	switch {
	case errors.Is(fl.err, fob.ErrNobody) || errors.Is(fl.err, context.Canceled) || errors.Is(fl.err, context.DeadlineExceeded):
		return true
	case !errors.Is(fl.err, fob.ErrCancelled) || fl.leader == ui.ID:
		return false
	}
	return !fl.prompted || ui.Reach(ctx).Here
}

// wait waits for an operation to finish. A person who waits for another's answer is told so, and a
// caller without a terminal gives up nobodyLimit after began.
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

// watch records which question is open.
func (fl *flight) watch(ui fob.UI) fob.UI {
	note := func(what string) (answered func()) {
		fl.asks.Store(&what)
		return func() { fl.asks.Store(nil) }
	}
	if ask := ui.AskFunc; ask != nil {
		ui.AskFunc = func(ctx context.Context, q fob.Question) (fob.Secret, error) {
			what := q.Prompt
			switch q.Kind { // an earlier "wrong passphrase" concerns only the person who typed it
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
