// Package chain resolves a name to its steps: the profile that was asked for, the
// profile that it starts from, the source of that one, and so on to the first that
// has none. It is the only walk along source profiles; whoever needs a chain gets it
// from here, once for a request.
package chain

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/quote"
)

// Step is one profile of a chain and the kind that claims it.
type Step struct {
	Kind    principal.Kind
	Profile fob.Profile
}

// Chain is what a name resolves to, the profile that was asked for first. It has
// at least one step.
type Chain []Step

// Root is the step that starts from no other.
func (c Chain) Root() Step { return c[len(c)-1] }

// Definitions is where steps are found.
type Definitions struct {
	Kinds []principal.Kind
	// Lookup finds a definition by its name, or by what [principal.Kind.Ref] makes of it.
	Lookup func(ref string) (fob.Profile, error)
}

// maxSteps bounds the length of a chain. AWS sets no limit, and loops are refused
// before this is reached.
const maxSteps = 64

// ErrImpossible is in errors that no definition which is still to come could mend:
// a loop, too many steps, a sign-in as the source of a role.
var ErrImpossible = errors.New("no such chain can be")

func impossible(hint, format string, args ...any) error {
	e := fob.Errorf(fob.ErrUsage, format, args...)
	e.Hint, e.Cause = hint, ErrImpossible
	return e
}

// Resolve follows a name.
func (d Definitions) Resolve(name string) (Chain, error) {
	p, err := d.Lookup(name)
	if err != nil {
		return nil, err
	}
	return d.follow(name, p)
}

// Follow follows the definition of a profile that is not in any file yet, as if it
// were. With an error it returns the steps before the one that the error is about.
func (d Definitions) Follow(p fob.Profile) (Chain, error) {
	lookup := d.Lookup
	d.Lookup = func(ref string) (fob.Profile, error) {
		if ref == p.Name {
			return p, nil
		}
		return lookup(ref)
	}
	return d.follow(p.Name, p)
}

func (d Definitions) follow(name string, p fob.Profile) (Chain, error) {
	var c Chain
	var names []string
	for {
		if slices.Contains(names, name) && (names[len(names)-1] != name || !hasKeys(p)) {
			return c, impossible("change one source_profile of them", "profiles start from each other in a loop: %s", strings.Join(append(names, name), " → "))
		}
		if len(c) > 0 && hasKeys(p) {
			// SDKs end a chain at the first profile after the one that was asked for
			// which has keys of its own, even if it has a role too. So a role may name
			// its own section as its source.
			p = p.With("role_arn", "").With("source_profile", "")
		}
		if len(c) == maxSteps {
			return c, impossible("", "the chain from profile %q is longer than %d", names[0], maxSteps)
		}
		kind, err := principal.Find(d.Kinds, p)
		if err != nil {
			return c, c.source(name, err)
		}
		if _, named := kind.Deref(name); len(c) > 0 && !named && kind.Yields(p) == principal.BearerToken {
			return c, impossible("source_profile = "+name+"/ACCOUNT/ROLE; fob list "+quote.Word(name)+" shows them",
				"profile %q starts from %s, which is a sign-in and not a role", names[len(names)-1], name)
		}
		names, c = append(names, name), append(c, Step{kind, p})
		if kind.Source == nil {
			return c, nil
		}
		if name = kind.Source(p); name == "" {
			return c, nil
		}
		if p, err = d.Lookup(name); err != nil {
			return c, c.source(name, err)
		}
	}
}

// source says of an error with the definition that comes next which one needs it.
func (c Chain) source(name string, err error) error {
	if len(c) == 0 {
		return err
	}
	return &fob.Error{Kind: fob.OutcomeOf(err).Kind, Hint: fob.HintOf(err), Cause: err,
		Message: fmt.Sprintf("profile %q starts from %q: %s", c.Root().Profile.Name, name, err.Error())}
}

// hasKeys reports whether a profile has an access key of its own.
func hasKeys(p fob.Profile) bool {
	return p.Get("aws_access_key_id") != "" || !p.Secrets["aws_secret_access_key"].IsZero()
}
