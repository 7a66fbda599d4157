package service

import (
	"slices"
	"strings"
	"time"

	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/region"
	"fob/internal/fakeaws/verify"
	"fob/internal/fakeaws/wire"
)

// Query is a service of the query protocol, which STS and IAM speak: a form with
// Action and Version in a POST's body or a GET's query, and an answer in XML.
type Query struct {
	*Env
	Service, Version, Namespace string
	Global                      bool // signed for one region of the partition
	// Gate, if any, refuses kinds of credentials before an operation sees them.
	Gate       func(c *Call, action string) error
	Operations map[string]Operation
	// Unsigned names operations that AWS takes without a signature: their calls
	// have no Caller.
	Unsigned []string
	// Part says that these operations are not all of the API's: the others are
	// left to a service further down the list.
	Part bool
}

// Operation gives the elements of its result; none: it has no result.
type Operation func(c *Call) ([]wire.Element, error)

// Call is one call of an operation.
type Call struct {
	*wire.Params
	*identity.Caller
	Now    time.Time
	Region string // that it was signed for
}

// Name implements [Service].
func (q *Query) Name() string { return q.Service }

// Match implements [Service]. AWS tells the API by the host. Where the host is the
// fake's own, the version does, else what the request was signed for.
func (q *Query) Match(r *wire.Request) (string, bool) {
	action := r.Form.Get("Action")
	if r.HTTP.URL.Path != "/" || q.Part && q.Operations[action] == nil {
		return "", false
	}
	if host, _, known := region.Endpoint(r.HTTP.Host); known {
		return action, host == q.Service || strings.HasPrefix(host, q.Service+".")
	}
	if action != "" && q.Version == r.Form.Get("Version") {
		return action, true
	}
	scope, _ := verify.Parse(r.HTTP)
	return action, scope.Service == q.Service
}

// Serve implements [Service].
func (q *Query) Serve(r *wire.Request, action string) (wire.Reply, error) {
	version := r.Form.Get("Version")
	if version == "" {
		version = "NO_VERSION_SPECIFIED"
	}
	op := q.Operations[action]
	switch {
	case action == "":
		return wire.Reply{}, wire.Refuse(400, "MissingAction", "The request must contain the parameter Action.")
	case op == nil || version != q.Version:
		return wire.Reply{}, wire.Refuse(400, "InvalidAction", "Could not find operation "+action+" for version "+version)
	}
	c, err := q.enter(r, action)
	if err != nil {
		return wire.Reply{}, err
	}
	result, err := op(c)
	if err != nil {
		return wire.Reply{}, err
	}
	var kids []wire.Element
	if result != nil {
		kids = append(kids, wire.Group(action+"Result", result...))
	}
	kids = append(kids, wire.Group("ResponseMetadata", wire.Text("RequestId", r.ID)))
	return wire.XML(200, wire.Group(action+`Response xmlns="`+q.Namespace+`"`, kids...)), nil
}

// enter finds who calls, and lets them in.
func (q *Query) enter(r *wire.Request, action string) (*Call, error) {
	c := &Call{Params: &wire.Params{Values: r.Form}, Now: q.Now()}
	if slices.Contains(q.Unsigned, action) {
		return c, nil
	}
	who, sig, err := q.Authenticate(r, q.Service, q.signedFor(r.HTTP.Host))
	if err != nil {
		return nil, err
	}
	if !region.In(q.Partition(), sig.Region) {
		return nil, wire.Refuse(403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region, not '"+sig.Region+"'. ")
	}
	c.Caller, c.Region = who, sig.Region
	if q.Gate == nil {
		return c, nil
	}
	return c, q.Gate(c, action)
}

// signedFor is the region that a request must be signed for; empty: any.
func (q *Query) signedFor(host string) string {
	if q.Global {
		return region.Global(q.Partition())
	}
	return q.RegionOf(host)
}

// Refuse implements [Service].
func (q *Query) Refuse(r *wire.Request, e *wire.Refusal) wire.Reply {
	fault := "Sender"
	if e.Status >= 500 {
		fault = "Receiver"
	}
	return wire.XML(e.Status, wire.Group(`ErrorResponse xmlns="`+q.Namespace+`"`,
		wire.Group("Error", wire.Text("Type", fault), wire.Text("Code", e.Code), wire.Text("Message", e.Message)),
		wire.Text("RequestId", r.ID)))
}
