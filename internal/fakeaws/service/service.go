// Package service says what a service of the fake is, and has the protocols that
// services speak. A service is a folder, and a line in package fakeaws.
package service

import (
	"fob/internal/fakeaws/center"
	"fob/internal/fakeaws/clock"
	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/region"
	"fob/internal/fakeaws/wire"
)

// Env is what all services share.
type Env struct {
	*clock.Clock
	*identity.Store
	*center.Center
	// Region, if set, is the one whose endpoints are on the fake's own address;
	// else they are those of every region. IAM is in the partition's global one.
	Region string
}

// RegionOf is the region whose endpoint a host is: the one in its name, the
// partition's global one where AWS's name has none, and on the fake's own address
// [Env.Region], which may be empty.
func (e *Env) RegionOf(host string) string {
	_, named, known := region.Endpoint(host)
	switch {
	case known && named == "":
		return region.Global(e.Partition())
	case known:
		return named
	}
	return e.Region
}

// Service is one of the endpoints that the fake plays. It is safe for concurrent use.
//
// What only some services have is an optional method of theirs:
//
//	Controls() map[string]wire.Control       what tests may ask of it over HTTP
//	Arrived(r *wire.Request, action string)  sees requests that then meet a fault
type Service interface {
	// Name is how faults and the log name it; empty: as what a request was signed for.
	Name() string
	// Match claims a request and names its action.
	Match(r *wire.Request) (action string, mine bool)
	// Serve answers it. An error that is no refusal is an internal failure.
	Serve(r *wire.Request, action string) (wire.Reply, error)
	// Refuse writes an error in the service's shape.
	Refuse(r *wire.Request, e *wire.Refusal) wire.Reply
}
