package broker

import (
	"context"
	"time"

	"fob/internal/fob"
)

// Waiting for a person who is asked at another front end (ADR 15).
const (
	noticeAfter = time.Second
	nobodyLimit = 45 * time.Second // SDKs give a process a minute
)

// await waits for a retrieval. A caller that joined it while a person is asked at
// another front end is told so; fob login, which asked for the page itself, is shown it
// again; and callers without a terminal give up after nobodyLimit.
func (b *Broker) await(ctx context.Context, f *flight, step Step, ui fob.UI) error {
	tick := time.NewTimer(noticeAfter)
	defer tick.Stop()
	told := false
	for {
		select {
		case <-f.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		what := b.asked(f)
		switch {
		case f.leader == ui.ID:
			continue // the timer is not set again
		case what == nil:
			tick.Reset(noticeAfter)
		case told:
			return fob.Errorf(fob.ErrNobody, "somebody is asked elsewhere already: %s", *what).WithHint("answer there, then try again")
		case f.page.Load() != nil && step.OnPurpose:
			f.show(ctx, ui, *f.page.Load())
		case ui.Reach(ctx).Here:
			ui.Tell(ctx, "somebody is asked elsewhere already, and this waits for it: "+*what)
		default:
			told = true
			tick.Reset(nobodyLimit)
		}
	}
}

// asked is the question that a person is being asked for a retrieval or for one of its
// sources; nil if there is none.
func (b *Broker) asked(f *flight) *string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f.asking.Load() > 0 {
		return f.asks.Load()
	}
	for _, key := range f.chain {
		if s := b.flights[key]; s != nil && s.asking.Load() > 0 {
			return s.asks.Load()
		}
	}
	return nil
}

// show shows a page that is open already to one more person.
func (f *flight) show(ctx context.Context, ui fob.UI, page fob.Page) {
	page.Always = true
	if gone, err := ui.Open(ctx, page); err == nil {
		f.seen(gone)
	}
}

// seen counts the people who see the page of a retrieval. When the last of them has
// left, nobody will finish it, and the retrieval is cancelled.
func (f *flight) seen(gone <-chan struct{}) {
	f.viewers.Add(1)
	go func() {
		select {
		case <-gone:
			if f.viewers.Add(-1) == 0 {
				f.end(errPersonLeft())
			}
		case <-f.done:
		}
	}()
}

// watch counts open prompts, so that callers do not give up while a person types. A
// page counts until the retrieval has ended, or nobody is left who sees it.
func (f *flight) watch(ui fob.UI) fob.UI {
	if open := ui.OpenFunc; open != nil {
		ui.OpenFunc = func(ctx context.Context, p fob.Page) (<-chan struct{}, error) {
			gone, err := open(ctx, p)
			if err == nil {
				f.page.Store(&p)
				f.asks.Store(&p.Title)
				f.asking.Add(1)
				f.seen(gone)
			}
			return gone, err
		}
	}
	if confirm := ui.ConfirmFunc; confirm != nil {
		ui.ConfirmFunc = func(ctx context.Context, c fob.Confirmation) error {
			f.asks.Store(&c.Title)
			f.asking.Add(1)
			defer f.asking.Add(-1)
			return confirm(ctx, c)
		}
	}
	if ui.AskFunc == nil {
		return ui
	}
	ask := ui.AskFunc
	ui.AskFunc = func(ctx context.Context, q fob.Question) (fob.Secret, error) {
		f.asks.Store(&q.Prompt)
		f.asking.Add(1)
		defer f.asking.Add(-1)
		return ask(ctx, q)
	}
	return ui
}
