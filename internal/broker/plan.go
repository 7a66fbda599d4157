package broker

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"time"

	"fob/internal/chain"
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
	// OnPurpose and DeviceCode say how a person signs in: [principal.Env]. They decide
	// nothing of what is answered, so they are not part of the key.
	OnPurpose, DeviceCode bool
	// Callers are the profiles whose programs have called fob for this; not part of the
	// key either.
	Callers []string

	// Network is how the step's calls reach AWS.
	Network fob.Network
	// own is set where a caller's environment, and nothing that all callers share, decides
	// whom the step's calls trust: it names that trust, and Shared is the key that the
	// step has for others. What is retrieved is kept apart then: who trusts a hostile
	// authority must not be able to put credentials into the hands of others.
	own, Shared string

	partition string // of the caller's region, if the definition tells none
	ownKeys   bool   // the long-lived keys themselves are used, and no session of them
}

// Plan is a chain: the profile that was asked for, its source, the source's
// source and so on.
type Plan []Step

// chainedLimit is AWS's cap on a role that is assumed with another session.
const chainedLimit = time.Hour

// Plan decides, for the steps of a chain, where a session of the user
// (GetSessionToken) helps and where it hurts. The decisions are written into
// copies of the definitions, so that what is opened, what is cached and what is
// explained can never disagree.
func (b *Broker) Plan(c chain.Chain, req fob.Request) (Plan, error) {
	plan := make(Plan, len(c))
	for i, step := range c {
		plan[i] = Step{Kind: step.Kind, Profile: step.Profile, Callers: req.Callers}
	}
	if err := plan[0].narrow(req.Narrow); err != nil {
		return nil, err
	}
	if err := checkEnvironment(req.Environment); err != nil {
		return nil, err
	}
	for i := range plan {
		plan[i].surround(req.Environment, b.network())
	}
	if err := decideSessions(plan, req.NoSession); err != nil {
		return nil, err
	}
	root := &plan[len(plan)-1]
	root.OnPurpose, root.DeviceCode = req.OnPurpose, req.DeviceCode
	for i := len(plan) - 1; i >= 0; i-- {
		source, shared := "", ""
		if i+1 < len(plan) {
			source, shared = plan[i+1].Key, plan[i+1].Shared
		}
		plan[i].Key = cacheKey(plan[i], source, plan[i].own)
		if plan[i].Shared = plan[i].Key; plan[i].own != "" || source != shared {
			plan[i].Shared = cacheKey(plan[i], shared, "")
		}
	}
	for i := range plan {
		plan[i].locate(req.Environment.Region)
	}
	return plan, nil
}

// decideSessions applies AWS's rules to a chain:
//   - a session made with MFA serves every role of the user: one code for all;
//   - a role assumed with a session is chained and capped at an hour, so a role
//     that wants longer is assumed with the user's own keys, and takes the code
//     itself;
//   - without MFA a session adds nothing to assuming a role.
func decideSessions(plan Plan, noSession bool) error {
	root := &plan[len(plan)-1]
	maker, err := root.sessionMaker()
	if err != nil {
		return err
	}
	if len(plan) == 1 {
		if noSession && maker != nil && !root.narrowed() {
			if maker.OnlySessions() {
				return fob.Errorf(fob.ErrUsage, "profile %q forbids to hand out the user's own keys (user_session = always)", root.Profile.Name).
					WithHint("leave out --no-session, or use a role; fob list shows them")
			}
			root.withoutSession(maker)
			root.Why = "the user's own keys, because no session was asked for"
		}
		return nil
	}
	serial, process := takeMFA(plan)
	first := &plan[len(plan)-2]
	switch {
	case root.yields() != principal.StaticKeys:
		root.Why = "the source's credentials are a session's already"
		first.cap()
	case serial == "":
		root.withoutSession(maker)
		root.Why = "a session without MFA adds nothing to assuming a role"
	case noSession, maker == nil || !maker.MakesSessions(), first.duration() > chainedLimit:
		root.withoutSession(maker)
		first.set("mfa_serial", serial)
		first.set("mfa_process", process)
		switch {
		case noSession:
			root.Why = "no session was asked for"
		case maker == nil || !maker.MakesSessions():
			root.Why = "no session is made of these keys"
		default:
			root.Why = "no session: a role assumed with one ends after an hour, and this one should last longer"
		}
	default:
		root.set("mfa_serial", serial)
		root.set("mfa_process", process)
		root.Why = "a session with MFA, so that one code serves all roles of the user"
	}
	for i := range plan[:len(plan)-2] {
		plan[i].cap()
	}
	return nil
}

// sessionMaker is the step's principal if it has long-lived keys and can make
// sessions of them; nil if not.
func (s *Step) sessionMaker() (principal.SessionMaker, error) {
	if s.yields() != principal.StaticKeys {
		return nil, nil
	}
	p, err := s.Kind.Open(s.Profile, principal.Env{}) // no I/O
	if err != nil {
		return nil, err
	}
	maker, _ := p.(principal.SessionMaker)
	return maker, nil
}

// withoutSession has the step hand out its keys themselves.
func (s *Step) withoutSession(maker principal.SessionMaker) {
	s.ownKeys = true
	if maker != nil {
		s.Profile = maker.WithoutSession()
	}
}

func (s *Step) yields() principal.Yield { return s.Kind.Yields(s.Profile) }

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
	case len(p) == 1 && first.yields() == principal.StaticKeys && first.narrowed():
		return fob.LineageFederated
	case len(p) == 1 && first.yields() == principal.StaticKeys:
		return fob.LineageUser
	case len(p) == 1 || p[1].yields() == principal.BearerToken:
		return fob.LineageOther
	case len(p) == 2 && p[1].ownKeys:
		return fob.LineageRole
	}
	return fob.LineageChained
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
// because it is part of the session's name. Each fact is written with its length before
// it, so that no two lists of facts are the same text; encoding/json said the same and
// took three times as long, for every step of every request.
func cacheKey(s Step, source, own string) string {
	facts := make([]byte, 0, 1024)
	add := func(texts ...string) {
		for _, text := range texts {
			facts = append(strconv.AppendInt(facts, int64(len(text)), 10), ':')
			facts = append(facts, text...)
		}
	}
	add(s.Kind.Name, s.Profile.Name, source)
	if own != "" {
		add("own", own)
	}
	if s.partition != "" {
		add("partition", s.partition)
	}
	for _, f := range s.Kind.Accepts() {
		if v := s.Profile.Get(f.Key); v != "" {
			add("key", f.Key, v)
		}
	}
	for _, service := range slices.Sorted(maps.Keys(s.Profile.Endpoints)) {
		add("endpoint", service, s.Profile.Endpoints[service])
	}
	sum := sha256.Sum256(facts)
	return hex.EncodeToString(sum[:])
}
