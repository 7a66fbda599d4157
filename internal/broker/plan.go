package broker

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"fob/internal/fob"
	"fob/internal/principal"
)

// Step is one principal of a chain, with its definition as the plan wants it
// opened and the key under which its credentials are cached.
type Step struct {
	Kind    principal.Kind
	Profile fob.Profile
	Key     string
	Why     string // why a session is made, or not; empty if there was no choice
}

// Plan is a chain: the profile that was asked for, its source, the source's
// source and so on.
type Plan []Step

// chainedLimit is AWS's cap on a role that is assumed with another session.
const chainedLimit = time.Hour

// maxChain bounds the depth of a chain; AWS sets no limit, loops are refused
// before this is reached.
const maxChain = 64

// Plan resolves a request to a chain and decides where a session of the user
// (GetSessionToken) helps and where it hurts. The decisions are written into
// copies of the definitions, so that what is opened, what is cached and what is
// explained can never disagree.
func (b *Broker) Plan(req fob.Request) (Plan, error) {
	chain, err := b.chain(req)
	if err != nil {
		return nil, err
	}
	if err := chain[0].narrow(req.Narrow); err != nil {
		return nil, err
	}
	decideSessions(chain, req.NoSession)
	if last := &chain[len(chain)-1]; last.Kind.SignOut != nil {
		last.flag(principal.OnPurpose, req.OnPurpose)
		last.flag(principal.DeviceCode, req.DeviceCode)
	}
	for i := len(chain) - 1; i >= 0; i-- {
		source := ""
		if i+1 < len(chain) {
			source = chain[i+1].Key
		}
		chain[i].Key = cacheKey(chain[i], source)
	}
	return chain, nil
}

// chain follows source profiles to the one that has none.
func (b *Broker) chain(req fob.Request) (Plan, error) {
	var plan Plan
	var names []string
	for name := req.Profile; name != ""; {
		p, err := b.Profiles.Lookup(name, req.Paths)
		if err != nil {
			if len(names) > 0 {
				return nil, &fob.Error{Kind: fob.OutcomeOf(err).Kind, Hint: fob.HintOf(err), Cause: err,
					Message: "profile \"" + names[len(names)-1] + "\" starts from \"" + name + "\": " + err.Error()}
			}
			return nil, err
		}
		if slices.Contains(names, name) {
			if names[len(names)-1] != name || p.Get("aws_access_key_id") == "" {
				return nil, fob.Errorf(fob.ErrUsage, "profiles start from each other in a loop: %s", strings.Join(append(names, name), " → ")).
					WithHint("change one source_profile of them")
			}
			// A role may name its own section as the source if the section has
			// keys too: SDKs then take the keys as the source.
			p = p.With("role_arn", "").With("source_profile", "")
		}
		if len(plan) == maxChain {
			return nil, fob.Errorf(fob.ErrUsage, "the chain from profile %q is longer than %d", req.Profile, maxChain)
		}
		kind, err := principal.Find(b.Kinds, p)
		if err != nil {
			return nil, err
		}
		if _, named := fob.IsSignIn(name); kind.SignOut != nil && len(plan) > 0 && !named {
			// Its bearer token is for the portal alone.
			return nil, fob.Errorf(fob.ErrUsage, "profile %q starts from %s, which is a sign-in and not a role", names[len(names)-1], name).
				WithHint("source_profile = %s/ACCOUNT/ROLE; fob list %s shows them", name, name)
		}
		names = append(names, name)
		plan = append(plan, Step{Kind: kind, Profile: p})
		name = ""
		if kind.Source != nil {
			name = kind.Source(p)
		}
	}
	return plan, nil
}

// decideSessions applies AWS's rules to a chain:
//   - a session made with MFA serves every role of the user: one code for all;
//   - a role assumed with a session is chained and capped at an hour, so a role
//     that wants longer is assumed with the user's own keys, and takes the code
//     itself;
//   - without MFA a session adds nothing to assuming a role.
func decideSessions(plan Plan, noSession bool) {
	root := &plan[len(plan)-1]
	longLived := root.longLived()
	if len(plan) == 1 {
		if noSession && longLived && !root.narrowed() {
			root.set("user_session", "never")
			root.Why = "the user's own keys, because no session was asked for"
		}
		return
	}
	serial, process := takeMFA(plan)
	first := &plan[len(plan)-2]
	switch {
	case !longLived:
		root.Why = "the source's credentials are a session's already"
		first.cap()
	case serial == "":
		root.set("user_session", "never")
		root.Why = "a session without MFA adds nothing to assuming a role"
	case noSession, first.duration() > chainedLimit:
		root.set("user_session", "never")
		first.set("mfa_serial", serial)
		first.set("mfa_process", process)
		root.Why = "no session: a role assumed with one ends after an hour, and this one should last longer"
		if noSession {
			root.Why = "no session was asked for"
		}
	default:
		root.set("mfa_serial", serial)
		root.set("mfa_process", process)
		root.Why = "a session with MFA, so that one code serves all roles of the user"
	}
	for i := range plan[:len(plan)-2] {
		plan[i].cap()
	}
}

// takeMFA removes the MFA device from every step and returns the one that
// counts: only the user at the chain's start has a device, so a serial on any
// step means that one, and the nearest to the start knows best.
func takeMFA(plan Plan) (serial, process string) {
	for i := range plan {
		if s := plan[i].Profile.Get("mfa_serial"); s != "" {
			serial = s
		}
		if s := plan[i].Profile.Get("mfa_process"); s != "" {
			process = s
		}
		plan[i].set("mfa_serial", "")
		plan[i].set("mfa_process", "")
	}
	return serial, process
}

func (s *Step) set(key, value string) { s.Profile = s.Profile.With(key, value) }

// flag sets a key that is no field of the kind: how to ask, which does not decide
// what is answered and so is not part of the cache key.
func (s *Step) flag(key string, on bool) {
	if on {
		s.set(key, "true")
	}
}

func (s *Step) duration() time.Duration {
	n, _ := strconv.Atoi(s.Profile.Get("duration_seconds"))
	return time.Duration(n) * time.Second
}

// cap shortens a chained role's session to what AWS allows: asking for more
// would be refused, and credentials are renewed anyway.
func (s *Step) cap() {
	if s.duration() > chainedLimit {
		s.set("duration_seconds", strconv.Itoa(int(chainedLimit.Seconds())))
		s.Why = "AWS caps a role assumed with a session at an hour"
	}
}

// Lineage says what AWS takes the plan's credentials for.
func (p Plan) Lineage() fob.Lineage {
	first := p[0]
	switch {
	case len(p) == 1 && first.longLived() && first.narrowed():
		return fob.LineageFederated
	case len(p) == 1 && first.longLived():
		return fob.LineageUser
	case len(p) == 1 || p[1].Kind.SignOut != nil:
		return fob.LineageOther
	case len(p) == 2 && p[1].longLived() && p[1].Profile.Get("user_session") != "":
		return fob.LineageRole
	}
	return fob.LineageChained
}

// longLived reports whether a step starts from keys that do not expire.
func (s *Step) longLived() bool {
	return s.Kind.LongLived && s.Profile.Secrets["aws_session_token"].IsZero()
}

// narrowed reports whether a step's definition has a session policy.
func (s *Step) narrowed() bool {
	return s.Profile.Get("role_policy") != "" || s.Profile.Get("role_policy_arns") != ""
}

// sources are the keys of all steps but the first.
func (p Plan) sources() []string {
	var keys []string
	for _, step := range p[1:] {
		keys = append(keys, step.Key)
	}
	return keys
}

// cacheKey hashes everything that decides what AWS will answer. The name counts
// because it is part of the session's name.
func cacheKey(s Step, source string) string {
	facts := struct {
		Kind, Name, Source string
		Keys               map[string]string
		Endpoints          map[string]string
	}{s.Kind.Name, s.Profile.Name, source, map[string]string{}, s.Profile.Endpoints}
	for _, f := range s.Kind.Accepts() {
		if v := s.Profile.Get(f.Key); v != "" {
			facts.Keys[f.Key] = v
		}
	}
	text, err := json.Marshal(facts) // maps are written in key order
	if err != nil {
		panic(err) // strings and maps of strings always marshal
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
