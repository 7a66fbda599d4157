package adopt

import (
	"slices"
	"strings"

	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/profile"
)

// maxSources bounds a chain of source profiles, as in the broker.
const maxSources = 64

// chains checks that profiles and the chains of their source profiles exist and are of
// known kinds. Each definition is looked up once, however many profiles start from it.
type chains struct {
	kinds []principal.Kind
	view  *profile.View
	known map[string]looked
}

type looked struct {
	profile fob.Profile
	kind    principal.Kind
	err     error
}

func (c *chains) look(name string) looked {
	l, ok := c.known[name]
	if !ok {
		l.profile, l.kind, l.err = c.find(name)
		c.known[name] = l
	}
	return l
}

func (c *chains) find(name string) (p fob.Profile, k principal.Kind, err error) {
	if p, err = c.view.Lookup(name); err == nil {
		k, err = principal.Find(c.kinds, p)
	}
	return p, k, err
}

// whole follows a profile's chain of sources to its end and returns the first fault.
func (c *chains) whole(name string) error {
	var names []string
	for next := name; next != ""; {
		if _, ok := fob.IsSignIn(next); ok {
			return nil
		}
		l := c.look(next)
		if l.err != nil && len(names) > 0 {
			return &fob.Error{Kind: fob.OutcomeOf(l.err).Kind, Hint: fob.HintOf(l.err), Cause: l.err,
				Message: "profile \"" + names[len(names)-1] + "\" starts from \"" + next + "\": " + l.err.Error()}
		}
		if l.err != nil {
			return l.err
		}
		p := l.profile
		if slices.Contains(names, next) {
			// A section with keys of its own may name itself as the source of its role.
			if names[len(names)-1] == next && p.Get("aws_access_key_id") != "" {
				return nil
			}
			return fob.Errorf(fob.ErrUsage, "profiles start from each other in a loop: %s", strings.Join(append(names, next), " → ")).
				WithHint("change one source_profile of them")
		}
		if names = append(names, next); len(names) > maxSources {
			return fob.Errorf(fob.ErrUsage, "the chain from profile %q is longer than %d", name, maxSources)
		}
		if next = ""; l.kind.Source != nil {
			next = l.kind.Source(p)
		} else if p.Origin != fob.OriginFob && p.Get("aws_access_key_id") != "" && p.Secrets["aws_secret_access_key"].IsZero() {
			return half(p)
		}
	}
	return nil
}
