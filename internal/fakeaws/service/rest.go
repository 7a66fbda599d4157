package service

import (
	"net/http"

	"fob/internal/fakeaws/region"
	"fob/internal/fakeaws/wire"
)

// REST is a service whose operations are told by method and path, and whose
// requests nobody signs.
type REST struct {
	Service    string
	Host       string // its endpoint's name before the region: portal.sso
	Operations []Endpoint
	Shape      func(r *wire.Request, e *wire.Refusal) wire.Reply // of errors
}

// Endpoint is an operation.
type Endpoint struct {
	Method, Path, Name string
	Do                 func(r *wire.Request) (wire.Reply, error)
}

// Name implements [Service].
func (s REST) Name() string { return s.Service }

// Match implements [Service]. A signed request is for another service that has
// the same path, and so is one to the host of another.
func (s REST) Match(r *wire.Request) (string, bool) {
	if r.Signed() {
		return "", false
	}
	if host, _, known := region.Endpoint(r.HTTP.Host); known && host != s.Host {
		return "", false
	}
	for _, op := range s.Operations {
		if op.Method == r.HTTP.Method && op.Path == r.HTTP.URL.Path {
			return op.Name, true
		}
	}
	return "", false
}

// Serve implements [Service].
func (s REST) Serve(r *wire.Request, action string) (wire.Reply, error) {
	for _, op := range s.Operations {
		if op.Name == action {
			return op.Do(r)
		}
	}
	return wire.Reply{Status: http.StatusNotFound}, nil // Match names operations only
}

// Refuse implements [Service].
func (s REST) Refuse(r *wire.Request, e *wire.Refusal) wire.Reply { return s.Shape(r, e) }
