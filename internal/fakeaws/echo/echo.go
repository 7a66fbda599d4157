// Package echo stands for every other service of AWS: it verifies the signature
// by that service's rules, for whatever service and region the request was
// signed, and says in JSON who signed what.
package echo

import (
	"net/http"

	"fob/internal/fakeaws/service"
	"fob/internal/fakeaws/verify"
	"fob/internal/fakeaws/wire"
)

// New is the service, which claims every request that it is shown.
func New(env *service.Env) service.Service { return echo{env} }

type echo struct{ *service.Env }

// Name implements [service.Service]: as what the request was signed for.
func (echo) Name() string { return "" }

// Match implements [service.Service].
func (echo) Match(r *wire.Request) (string, bool) {
	return r.HTTP.Method + " " + r.HTTP.URL.Path, true
}

// Answer is what the fake says in place of a service it does not play.
type Answer struct {
	Service, Region           string
	Account, Arn, AccessKeyID string
	Presigned                 bool
	Method, Path, Query, Host string
	ContentType               string
	PayloadSHA256             string
	SignedHeaders             []string
	RequestID                 string
	Action                    string `json:",omitempty"` // as far as it can be told
}

// Serve implements [service.Service].
func (s echo) Serve(r *wire.Request, _ string) (wire.Reply, error) {
	c, sig, err := s.Authenticate(r, "", "")
	if err != nil {
		return wire.Reply{}, err
	}
	action, resource := actionOf(r, sig.Service)
	if action != "" {
		if err := c.Authorize(action, resource); err != nil {
			return wire.Reply{}, err
		}
	}
	if verify.S3(sig.Service) && r.HTTP.Method != http.MethodGet {
		return wire.Reply{Status: http.StatusOK, ContentType: "application/xml"}, nil // SDKs take a body here for an error
	}
	return wire.JSON(http.StatusOK, Answer{
		Service: sig.Service, Region: sig.Region, Account: c.Account(), Arn: c.ARN(), AccessKeyID: sig.AccessKeyID,
		Presigned: sig.Presigned, Method: r.HTTP.Method, Path: verify.RawPath(r.HTTP), Host: r.HTTP.Host,
		Query:       withoutToken(r.HTTP),
		ContentType: r.HTTP.Header.Get("Content-Type"), PayloadSHA256: verify.Hash(r.Body),
		SignedHeaders: sig.SignedHeaders, RequestID: r.ID, Action: action,
	}), nil
}

// withoutToken is the canonical query without what presigning added.
func withoutToken(r *http.Request) string {
	query := r.URL.Query()
	for name := range query {
		if len(name) > 6 && name[:6] == "X-Amz-" {
			query.Del(name)
		}
	}
	canonical, _ := verify.CanonicalQuery(query.Encode())
	return canonical
}

// Refuse implements [service.Service]: as the service would, S3 in XML of its own
// shape.
func (echo) Refuse(r *wire.Request, e *wire.Refusal) wire.Reply {
	if sig, _ := verify.Parse(r.HTTP); verify.S3(sig.Service) {
		return wire.XML(e.Status, wire.Group("Error", wire.Text("Code", e.Code), wire.Text("Message", e.Message), wire.Text("RequestId", r.ID)))
	}
	return wire.RefuseJSON(r, e)
}
