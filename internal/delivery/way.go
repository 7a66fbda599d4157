// Package delivery defines how credentials are handed to programs. A delivery ("way") does not know
// kinds of principals: it gets a grant, and returns what the front end prints or the environment in
// which it starts a program.
package delivery

import (
	"context"
	"time"

	"fob/internal/fob"
	"fob/internal/partition"
)

// Way is one delivery: process, exec, endpoint, ….
type Way struct {
	Name string
	Doc  string // one sentence
	// Chosen says that users type the profile's name for this delivery. Then the use is counted, so
	// that frequent and recent names are offered first.
	Chosen bool
	// Hand runs in the agent; nil for a delivery that has only a Run.
	Hand func(ctx context.Context, g Grant) (fob.Delivery, error)
	// Run, if set, runs in the caller's own process until ctx ends.
	Run func(ctx context.Context, t fob.Task) error
}

// Grant is what every delivery gets for one request.
type Grant struct {
	Profile   fob.Profile
	Partition partition.Partition // of the profile
	Narrow    fob.Narrow          // the request's restrictions
	// Options are the delivery's own; [Hand] decodes them.
	Options     map[string]string
	Credentials func(ctx context.Context) (fob.Credentials, error)
	Now         time.Time
	// Agent offers more to deliveries that need it: see [From].
	Agent any
}

// From returns the agent as Needs, an interface that the delivery's package declares.
func From[Needs any](g Grant) (Needs, error) {
	n, ok := g.Agent.(Needs)
	if !ok {
		return n, fob.Errorf(fob.ErrInternal, "the agent does not offer what this delivery needs")
	}
	return n, nil
}

// Hand makes a delivery's function from do, which gets its options decoded: Options is a struct of
// strings and bools with tags option:"NAME". An unknown option is refused before anything is
// retrieved. Expired credentials are refused too.
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

// Find returns the delivery with a name, if it has a part in the agent.
func Find(ways []Way, name string) (Way, error) {
	for _, w := range ways {
		if w.Name == name && w.Hand != nil {
			return w, nil
		}
	}
	return Way{}, fob.Errorf(fob.ErrUsage, "there is no delivery %q", name)
}
