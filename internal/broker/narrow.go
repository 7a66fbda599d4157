package broker

import (
	"slices"
	"strconv"
	"strings"

	"fob/internal/fob"
	"fob/internal/principal"
)

// narrow writes what a request takes away into the definition of the principal
// that was asked for, in the keys of its own kind: so it is validated, opened and
// cached as if it stood there. The region is not part of it: a session is the
// same in every region.
func (s *Step) narrow(n fob.Narrow) error {
	if n.Duration != 0 {
		if !s.Kind.Takes("duration_seconds") {
			return fob.Errorf(fob.ErrUsage, "profile %q is of kind %s, where AWS and not the caller says how long a session lasts", s.Profile.Name, s.Kind.Name)
		}
		s.set("duration_seconds", strconv.Itoa(n.Duration))
	}
	if n.Policy == "" && len(n.PolicyARNs) == 0 {
		return nil
	}
	if !s.Kind.Takes("role_policy") {
		return fob.Errorf(fob.ErrUsage, "profile %q is of kind %s, where AWS takes no session policy", s.Profile.Name, s.Kind.Name).
			WithHint("narrow a role that has source_profile = %s; fob add --help", s.Profile.Name)
	}
	// AWS allows what any of a session's policies allows: one more beside those of
	// the definition would widen the session.
	if s.narrowed() {
		return fob.Errorf(fob.ErrUsage, "profile %q has a session policy of its own, and another beside it would widen the session", s.Profile.Name).
			WithHint("fob show %s", s.Profile.Name)
	}
	s.set("role_policy", n.Policy)
	s.set("role_policy_arns", strings.Join(managed(n.PolicyARNs, s.Profile), ","))
	return nil
}

// managed completes the names of AWS's own policies by the partition.
func managed(policies []string, p fob.Profile) []string {
	out := slices.Clone(policies)
	for i, name := range out {
		if !strings.HasPrefix(name, "arn:") {
			out[i] = "arn:" + principal.Partition(p).Name + ":iam::aws:policy/" + name
		}
	}
	return out
}
