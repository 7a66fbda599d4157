// Package prompt picks who is asked: the front end that made the request, or else a
// front end that has registered as a prompter, such as a window on the desktop.
package prompt

import (
	"context"
	"errors"
	"slices"
	"sync"

	"fob/internal/fob"
)

// Prompter is a front end that shows its person the questions of callers that have
// nobody to ask.
type Prompter struct {
	Name string
	// UI reaches the person. Its functions are nil for what the prompter cannot do,
	// and its ID is that of the connection.
	UI fob.UI
}

// Registry holds the prompters that are there now. The zero value is empty.
type Registry struct {
	mu        sync.Mutex
	prompters []Prompter // the last to register comes first: its person has opened it last
}

// Register adds a prompter, or replaces the one with the same connection.
func (r *Registry) Register(p Prompter) {
	r.Remove(p.UI.ID)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prompters = slices.Insert(r.prompters, 0, p)
}

// Remove takes the prompter of a connection out, if there is one.
func (r *Registry) Remove(id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prompters = slices.DeleteFunc(r.prompters, func(p Prompter) bool { return p.UI.ID == id })
}

// Names are those of the prompters, in the order in which they are asked.
func (r *Registry) Names() []string {
	names := []string{}
	for _, p := range r.others(0) {
		names = append(names, p.Name)
	}
	return names
}

// others are all prompters but the one with a connection.
func (r *Registry) others(id int64) []Prompter {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.prompters), func(p Prompter) bool { return p.UI.ID == id })
}

// UI asks the caller's own front end first, and where nobody is there the prompters,
// one after another until one has somebody. If none has, the answer is what the
// caller's own front end said. asker is called when a prompter is asked.
func (r *Registry) UI(own fob.UI, asker func() fob.Asker) fob.UI {
	ui := own
	ui.AskFunc = func(ctx context.Context, q fob.Question) (fob.Secret, error) {
		answer, err := own.Ask(ctx, q)
		if q.Command != "" {
			return answer, err // the caller's environment is where that program runs
		}
		err = r.next(own.ID, err, func(other fob.UI) (err error) {
			q.For = asker()
			answer, err = other.Ask(ctx, q)
			return err
		})
		return answer, err
	}
	ui.ConfirmFunc = func(ctx context.Context, c fob.Confirmation) error {
		return r.next(own.ID, own.Confirm(ctx, c), func(other fob.UI) error {
			c.For = asker()
			return other.Confirm(ctx, c)
		})
	}
	ui.OpenFunc = func(ctx context.Context, p fob.Page) (<-chan struct{}, error) {
		gone, err := own.Open(ctx, p)
		err = r.next(own.ID, err, func(other fob.UI) (err error) {
			p.For = asker()
			gone, err = other.Open(ctx, p)
			return err
		})
		return gone, err
	}
	ui.ReachFunc = func(ctx context.Context) fob.Reach {
		reach := own.Reach(ctx)
		reach.Prompter = slices.ContainsFunc(r.others(own.ID), func(p Prompter) bool { return p.UI.OpenFunc != nil })
		return reach
	}
	return ui
}

// next asks the prompters while err, or what the last one answered, is that nobody is
// there.
func (r *Registry) next(own int64, err error, ask func(other fob.UI) error) error {
	if !errors.Is(err, fob.ErrNobody) {
		return err
	}
	for _, p := range r.others(own) {
		if e := ask(p.UI); !errors.Is(e, fob.ErrNobody) {
			return e
		}
	}
	return err
}
