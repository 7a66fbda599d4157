// Package delivery is the ways in which credentials leave. A way never knows
// kinds of principals: it gets a grant and hands over what the front end prints
// or starts a program with.
package delivery

import (
	"context"
	"time"

	"fob/internal/fob"
	"fob/internal/partition"
)

// Way is one way of delivery.
type Way struct {
	Name string
	Doc  string // one sentence
	// Chosen says that a person names the profile by hand: how often and when
	// decides in which order names are offered.
	Chosen bool
	// Hand works in the agent; nil for a way that only has a Run.
	Hand func(ctx context.Context, g Grant) (fob.Delivery, error)
	// Run, if set, is the way's part in the caller's own process; ctx ends it.
	Run func(ctx context.Context, t fob.Task) error
}

// Grant is what every way gets for one request.
type Grant struct {
	Profile   fob.Profile
	Partition partition.Partition // of the profile
	Narrow    fob.Narrow          // what the request took away
	// Options are the way's own; [Hand] decodes them.
	Options     map[string]string
	Credentials func(ctx context.Context) (fob.Credentials, error)
	Now         time.Time
	// Agent offers more, to ways that need it: see [From].
	Agent any
}

// From returns the agent as what a way needs of it, an interface that the way's
// package declares.
func From[Needs any](g Grant) (Needs, error) {
	n, ok := g.Agent.(Needs)
	if !ok {
		return n, fob.Errorf(fob.ErrInternal, "the agent does not offer what this delivery needs")
	}
	return n, nil
}

// Hand makes the function of a way from one that takes its options decoded: Options
// is a struct of strings and bools with the tag option:"NAME". An option that it does
// not have is refused, before anything is retrieved. Credentials that have expired are
// refused as well.
func Hand[Options any](do func(ctx context.Context, g Grant, o Options) (fob.Delivery, error)) func(context.Context, Grant) (fob.Delivery, error) {
	return func(ctx context.Context, g Grant) (fob.Delivery, error) {
		var o Options
		if err := decode(g.Options, &o); err != nil {
			return fob.Delivery{}, err
		}
		retrieve := g.Credentials
		g.Credentials = func(ctx context.Context) (fob.Credentials, error) {
			c, err := retrieve(ctx)
			if err != nil {
				return fob.Credentials{}, err
			}
			return c, Unexpired(c, g.Profile, g.Now)
		}
		return do(ctx, g, o)
	}
}

// Unexpired refuses credentials that have expired.
func Unexpired(c fob.Credentials, p fob.Profile, now time.Time) error {
	if c.Remaining(now) > 0 {
		return nil
	}
	return fob.Errorf(fob.ErrRefused, "the credentials of profile %q have just expired", p.Name).WithHint("try again")
}

// Find returns the way of a name that the agent can hand out.
func Find(ways []Way, name string) (Way, error) {
	for _, w := range ways {
		if w.Name == name && w.Hand != nil {
			return w, nil
		}
	}
	return Way{}, fob.Errorf(fob.ErrUsage, "there is no delivery %q", name)
}
