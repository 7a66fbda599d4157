package fakeaws

import (
	"encoding/json"
	"net/http"
)

// echoService stands for every other service of AWS: it verifies the signature
// by that service's rules, for whatever service and region the request was
// signed, and says in JSON who signed what. It claims what no other service
// claims.
func echoService() service {
	return service{
		name:   "echo",
		match:  func(r *request) (string, bool) { return r.http.Method + " " + r.http.URL.Path, true },
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

func (s *Server) serveEcho(r *request, _ string) (reply, error) {
	v := Verifier{Now: s.Now, Key: s.lookup}
	sig, err := v.Verify(r.http, r.body)
	if err != nil {
		return reply{}, err
	}
	c := s.callerOf(sig)
	if rulesFor(sig.Service).s3 && r.http.Method != http.MethodGet {
		return reply{status: http.StatusOK, contentType: "application/xml"}, nil // SDKs take a body here for an error
	}
	return jsonReply(http.StatusOK, Echo{
		Service: sig.Service, Region: sig.Region, Account: c.account(), Arn: c.arn(), AccessKeyID: sig.AccessKeyID,
		Presigned: sig.Presigned, Method: r.http.Method, Path: rawPath(r.http), Host: r.http.Host,
		Query:       withoutToken(r.http),
		ContentType: r.http.Header.Get("Content-Type"), PayloadSHA256: hexHash(r.body),
		SignedHeaders: sig.SignedHeaders, RequestID: r.id,
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
	canonical, _ := canonicalQuery(query.Encode())
	return canonical
}

func jsonReply(status int, v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		return reply{500, "text/plain", []byte(err.Error())}
	}
	return reply{status, "application/json", append(body, '\n')}
}

// refuseEcho writes an error as the service would: S3 in XML of its own shape.
func refuseEcho(r *request, e *Refusal) reply {
	if sig, _ := parseSignature(r.http); rulesFor(sig.Service).s3 {
		return xmlReply(e.Status, group("Error", text("Code", e.Code), text("Message", e.Message), text("RequestId", r.id)))
	}
	return refuseJSON(r, e)
}

// refuseJSON is the shape of errors of the JSON protocols.
func refuseJSON(_ *request, e *Refusal) reply {
	return jsonReply(e.Status, map[string]string{"__type": e.Code, "message": e.Message})
}
