package fakeaws

import (
	"net"
	"strings"
	"time"

	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/region"
	"fob/internal/fakeaws/verify"
	"fob/internal/fakeaws/wire"
)

// The query protocol, which STS and IAM speak: a form with Action and Version in
// a POST's body or a GET's query, and an answer in XML.

// queryAPI is a service of the query protocol.
type queryAPI struct {
	service, version, namespace string
	global                      bool // signed for one region of the partition
	gate                        func(c *call, action string) error
	operations                  map[string]operation
}

type operation func(s *Server, c *call) ([]wire.Element, error)

// call is one call of an operation.
type call struct {
	*wire.Params
	*identity.Caller
	now time.Time
}

func queryAPIs() []queryAPI { return []queryAPI{stsAPI(), iamAPI()} }

// queryService is the entry of STS and IAM in the table of services.
func queryService() service {
	return service{name: "query", match: matchQuery, serve: (*Server).serveQuery,
		refuse: func(r *wire.Request, e *wire.Refusal) wire.Reply {
			api, _ := apiOf(r)
			return refuseQuery(api, r, e)
		}}
}

// matchQuery claims what names an operation of an API, or is signed for one.
func matchQuery(r *wire.Request) (string, bool) {
	if _, ok := apiOf(r); !ok || r.HTTP.URL.Path != "/" {
		return "", false
	}
	return r.Form.Get("Action"), true
}

// apiOf tells the API by the host, as AWS does, and where the host is the fake's
// own, by the version, then by what the request was signed for.
func apiOf(r *wire.Request) (queryAPI, bool) {
	host, _, _ := strings.Cut(r.HTTP.Host, ".")
	host = strings.TrimSuffix(host, "-fips")
	scope, _ := verify.Parse(r.HTTP)
	for _, of := range []func(queryAPI) bool{
		func(a queryAPI) bool { return a.service == host },
		func(a queryAPI) bool { return r.Form.Get("Action") != "" && a.version == r.Form.Get("Version") },
		func(a queryAPI) bool { return a.service == scope.Service },
	} {
		for _, api := range queryAPIs() {
			if of(api) {
				return api, true
			}
		}
	}
	return queryAPI{}, false
}

func (s *Server) serveQuery(r *wire.Request, action string) (wire.Reply, error) {
	api, _ := apiOf(r)
	version := r.Form.Get("Version")
	if version == "" {
		version = "NO_VERSION_SPECIFIED"
	}
	op := api.operations[action]
	switch {
	case action == "":
		return wire.Reply{}, wire.Refuse(400, "MissingAction", "The request must contain the parameter Action.")
	case op == nil || version != api.version:
		return wire.Reply{}, wire.Refuse(400, "InvalidAction", "Could not find operation "+action+" for version "+version)
	}
	c, err := s.authenticate(r, api)
	if err != nil {
		return wire.Reply{}, err
	}
	if err := api.gate(c, action); err != nil {
		return wire.Reply{}, err
	}
	result, err := op(s, c)
	if err != nil {
		return wire.Reply{}, err
	}
	var kids []wire.Element
	if result != nil {
		kids = append(kids, wire.Group(action+"Result", result...))
	}
	kids = append(kids, wire.Group("ResponseMetadata", wire.Text("RequestId", r.ID)))
	return wire.XML(200, wire.Group(action+`Response xmlns="`+api.namespace+`"`, kids...)), nil
}

func (s *Server) authenticate(r *wire.Request, api queryAPI) (*call, error) {
	who, sig, err := s.Authenticate(r, api.service, s.regionFor(api, r.HTTP.Host))
	if err != nil {
		return nil, err
	}
	if region.Partition(sig.Region) != s.Partition() {
		return nil, wire.Refuse(403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region, not '"+sig.Region+"'. ")
	}
	return &call{&wire.Params{Values: r.Form}, who, s.Now()}, nil
}

// regionFor is the region that a request must be signed for: the one in a host
// such as sts.eu-west-1.amazonaws.com, the global one for sts.amazonaws.com and
// for IAM anywhere, and on the fake's own address what the options say.
func (s *Server) regionFor(api queryAPI, host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	labels := strings.Split(host, ".")
	switch {
	case api.global || host == api.service+".amazonaws.com":
		return region.Global(s.Partition())
	case len(labels) > 2 && strings.Contains(host, ".amazonaws."):
		return labels[1]
	}
	return s.region
}

func refuseQuery(api queryAPI, r *wire.Request, e *wire.Refusal) wire.Reply {
	fault := "Sender"
	if e.Status >= 500 {
		fault = "Receiver"
	}
	return wire.XML(e.Status, wire.Group(`ErrorResponse xmlns="`+api.namespace+`"`,
		wire.Group("Error", wire.Text("Type", fault), wire.Text("Code", e.Code), wire.Text("Message", e.Message)),
		wire.Text("RequestId", r.ID)))
}
