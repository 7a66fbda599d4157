package adopt

import (
	"fob/internal/chain"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/profile"
)

// chains checks that profiles and the chains of their source profiles exist and are of
// known kinds. Each definition is looked up once, however many profiles start from it.
type chains struct {
	definitions chain.Definitions
	view        *profile.View
	known       map[string]looked
}

type looked struct {
	profile fob.Profile
	err     error
}

func newChains(kinds []principal.Kind, view *profile.View) *chains {
	c := &chains{view: view, known: map[string]looked{}}
	c.definitions = chain.Definitions{Kinds: kinds, Lookup: c.look}
	return c
}

func (c *chains) look(name string) (fob.Profile, error) {
	l, ok := c.known[name]
	if !ok {
		l.profile, l.err = c.view.Lookup(name)
		c.known[name] = l
	}
	return l.profile, l.err
}

// whole follows a profile's chain of sources to its end and returns the first fault.
func (c *chains) whole(name string) error {
	steps, err := c.definitions.Resolve(name)
	if err != nil {
		return err
	}
	if p := steps.Root().Profile; p.Origin != fob.OriginFob && p.Get("aws_access_key_id") != "" && p.Secrets["aws_secret_access_key"].IsZero() {
		return half(p)
	}
	return nil
}
