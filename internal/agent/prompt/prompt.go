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

// Prompter is a front end that shows questions of callers without a person.
type Prompter struct {
	Name string
	// UI reaches its person. Functions that the prompter lacks are nil; its ID is the connection's.
	UI fob.UI
}

// Registry holds the connected prompters. The zero value is empty.
type Registry struct {
	mu        sync.Mutex
	prompters []Prompter // the last registered comes first, because its person opened it last
}

// Register adds a prompter, or replaces the one with the same connection.
func (r *Registry) Register(p Prompter) {
	r.Remove(p.UI.ID)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prompters = slices.Insert(r.prompters, 0, p)
}

// Remove removes the prompter of a connection, if there is one.
func (r *Registry) Remove(id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prompters = slices.DeleteFunc(r.prompters, func(p Prompter) bool { return p.UI.ID == id })
}

// Names returns the prompters' names, in the order in which they are asked.
func (r *Registry) Names() []string {
	names := []string{}
	for _, p := range r.others(0) {
		names = append(names, p.Name)
	}
	return names
}

// others returns all prompters except the one with a connection.
func (r *Registry) others(id int64) []Prompter {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.prompters), func(p Prompter) bool { return p.UI.ID == id })
}

// UI returns a UI that asks the caller's own front end first. If nobody is there it asks the
// prompters, one after another, until one has somebody. If none has, the error is the caller's own
// front end's. asker is called when a prompter is asked.
func (r *Registry) UI(own fob.UI, asker func() fob.Asker) fob.UI {
	ui := own
	ui.AskFunc = func(ctx context.Context, q fob.Question) (fob.Secret, error) {
		answer, err := own.Ask(ctx, q)
		if q.Command != "" {
			return answer, err // that program needs the caller's environment
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

// next asks the prompters in turn while err, or the last one's error, is fob.ErrNobody.
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
