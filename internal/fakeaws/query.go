package fakeaws

import (
	"encoding/xml"
	"errors"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
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

type operation func(s *Server, c *call) ([]element, error)

// call is one call of an operation.
type call struct {
	*params
	*caller
	now time.Time
}

// element is an element of an answer, with text or with children.
type element struct {
	name string
	text string
	kids []element
}

func text(name, value string) element            { return element{name: name, text: value} }
func group(name string, kids ...element) element { return element{name: name, kids: kids} }

func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func (e element) write(b *strings.Builder, indent string) {
	b.WriteString(indent + "<" + e.name)
	switch {
	case e.text != "":
		b.WriteString(">")
		_ = xml.EscapeText(b, []byte(e.text))
		b.WriteString("</")
	case len(e.kids) > 0:
		b.WriteString(">\n")
		for _, k := range e.kids {
			k.write(b, indent+"  ")
		}
		b.WriteString(indent + "</")
	default:
		b.WriteString("/>\n")
		return
	}
	name, _, _ := strings.Cut(e.name, " ")
	b.WriteString(name + ">\n")
}

func xmlReply(status int, root element) reply {
	var b strings.Builder
	root.write(&b, "")
	return reply{status, "text/xml", []byte(b.String())}
}

func queryAPIs() []queryAPI { return []queryAPI{stsAPI(), iamAPI()} }

// queryService is the entry of STS and IAM in the table of services.
func queryService() service {
	return service{name: "query", match: matchQuery, serve: (*Server).serveQuery,
		refuse: func(r *request, e *Refusal) reply {
			api, _ := apiOf(r)
			return refuseQuery(api, r, e)
		}}
}

// matchQuery claims what names an operation of an API, or is signed for one.
func matchQuery(r *request) (string, bool) {
	if _, ok := apiOf(r); !ok || r.http.URL.Path != "/" {
		return "", false
	}
	return r.form.Get("Action"), true
}

// apiOf tells the API by the host, as AWS does, and where the host is the fake's
// own, by the version, then by what the request was signed for.
func apiOf(r *request) (queryAPI, bool) {
	host, _, _ := strings.Cut(r.http.Host, ".")
	host = strings.TrimSuffix(host, "-fips")
	scope, _ := parseSignature(r.http)
	for _, of := range []func(queryAPI) bool{
		func(a queryAPI) bool { return a.service == host },
		func(a queryAPI) bool { return r.form.Get("Action") != "" && a.version == r.form.Get("Version") },
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

func parseForm(r *http.Request, body []byte) url.Values {
	raw := r.URL.RawQuery
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method == http.MethodPost && kind == "application/x-www-form-urlencoded" {
		raw = string(body)
	}
	values, _ := url.ParseQuery(raw)
	for name := range values {
		if strings.HasPrefix(name, "X-Amz-") {
			delete(values, name)
		}
	}
	return values
}

func (s *Server) serveQuery(r *request, action string) (reply, error) {
	api, _ := apiOf(r)
	version := r.form.Get("Version")
	if version == "" {
		version = "NO_VERSION_SPECIFIED"
	}
	op := api.operations[action]
	switch {
	case action == "":
		return reply{}, &Refusal{400, "MissingAction", "The request must contain the parameter Action."}
	case op == nil || version != api.version:
		return reply{}, &Refusal{400, "InvalidAction", "Could not find operation " + action + " for version " + version}
	}
	c, err := s.authenticate(r, api)
	if err != nil {
		return reply{}, err
	}
	if err := api.gate(c, action); err != nil {
		return reply{}, err
	}
	result, err := op(s, c)
	if err != nil {
		return reply{}, err
	}
	var kids []element
	if result != nil {
		kids = append(kids, group(action+"Result", result...))
	}
	kids = append(kids, group("ResponseMetadata", text("RequestId", r.id)))
	return xmlReply(200, group(action+`Response xmlns="`+api.namespace+`"`, kids...)), nil
}

func (s *Server) authenticate(r *request, api queryAPI) (*call, error) {
	v := Verifier{Now: s.Now, Key: s.lookup, Service: api.service, Region: s.regionFor(api, r.http.Host)}
	sig, err := v.Verify(r.http, r.body)
	if err != nil {
		return nil, err
	}
	if !s.inPartition(sig.Region) {
		return nil, &Refusal{403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region, not '" + sig.Region + "'. "}
	}
	return &call{&params{values: r.form}, s.callerOf(sig), s.Now()}, nil
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
		return globalRegion(s.partition)
	case len(labels) > 2 && strings.Contains(host, ".amazonaws."):
		return labels[1]
	}
	return s.region
}

// globalRegion is the region for which a partition's IAM is signed.
func globalRegion(partition string) string {
	switch partition {
	case "aws-cn":
		return "cn-north-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	}
	return "us-east-1"
}

// inPartition reports whether a partition has regions named like this one.
func (s *Server) inPartition(region string) bool {
	named := "aws"
	for prefix, partition := range map[string]string{"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso": "aws-iso", "eusc-": "aws-eusc"} {
		if strings.HasPrefix(region, prefix) {
			named = partition
		}
	}
	return named == s.partition
}

func refuseQuery(api queryAPI, r *request, e *Refusal) reply {
	fault := "Sender"
	if e.Status >= 500 {
		fault = "Receiver"
	}
	return xmlReply(e.Status, group(`ErrorResponse xmlns="`+api.namespace+`"`,
		group("Error", text("Type", fault), text("Code", e.Code), text("Message", e.Message)),
		text("RequestId", r.id)))
}

// asRefusal makes a refusal of any error.
func asRefusal(err error) *Refusal {
	var e *Refusal
	if errors.As(err, &e) {
		return e
	}
	return &Refusal{500, "InternalFailure", "The request processing has failed because of an unknown error, exception or failure."}
}
