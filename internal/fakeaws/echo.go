package fakeaws

import (
	"net/http"

	"fob/internal/fakeaws/verify"
	"fob/internal/fakeaws/wire"
)

// echoService stands for every other service of AWS: it verifies the signature
// by that service's rules, for whatever service and region the request was
// signed, and says in JSON who signed what. It claims what no other service
// claims.
func echoService() service {
	return service{
		name:   "echo",
		match:  func(r *wire.Request) (string, bool) { return r.HTTP.Method + " " + r.HTTP.URL.Path, true },
		serve:  (*Server).serveEcho,
		refuse: refuseEcho,
	}
}

// Echo is what the fake answers in place of a service it does not play.
type Echo struct {
	Service, Region           string
	Account, Arn, AccessKeyID string
	Presigned                 bool
	Method, Path, Query, Host string
	ContentType               string
	PayloadSHA256             string
	SignedHeaders             []string
	RequestID                 string
}

func (s *Server) serveEcho(r *wire.Request, _ string) (wire.Reply, error) {
	c, sig, err := s.Authenticate(r, "", "")
	if err != nil {
		return wire.Reply{}, err
	}
	if verify.S3(sig.Service) && r.HTTP.Method != http.MethodGet {
		return wire.Reply{Status: http.StatusOK, ContentType: "application/xml"}, nil // SDKs take a body here for an error
	}
	return wire.JSON(http.StatusOK, Echo{
		Service: sig.Service, Region: sig.Region, Account: c.Account(), Arn: c.ARN(), AccessKeyID: sig.AccessKeyID,
		Presigned: sig.Presigned, Method: r.HTTP.Method, Path: verify.RawPath(r.HTTP), Host: r.HTTP.Host,
		Query:       withoutToken(r.HTTP),
		ContentType: r.HTTP.Header.Get("Content-Type"), PayloadSHA256: verify.Hash(r.Body),
		SignedHeaders: sig.SignedHeaders, RequestID: r.ID,
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

// refuseEcho writes an error as the service would: S3 in XML of its own shape.
func refuseEcho(r *wire.Request, e *wire.Refusal) wire.Reply {
	if sig, _ := verify.Parse(r.HTTP); verify.S3(sig.Service) {
		return wire.XML(e.Status, wire.Group("Error", wire.Text("Code", e.Code), wire.Text("Message", e.Message), wire.Text("RequestId", r.ID)))
	}
	return wire.RefuseJSON(r, e)
}
