// Package ec2 plays DescribeInstances of EC2, version 2016-11-15, for tools that must
// find a region before they can ask: the answer has one instance, in that region.
package ec2

import (
	"fob/internal/fakeaws/service"
	"fob/internal/fakeaws/verify"
	"fob/internal/fakeaws/wire"
)

const (
	name      = "ec2"
	version   = "2016-11-15"
	namespace = "http://ec2.amazonaws.com/doc/" + version + "/"
	describe  = "DescribeInstances"
)

// New is the service. Other operations are left to those further down the list.
func New(env *service.Env) service.Service { return api{env} }

type api struct{ *service.Env }

// Name implements [service.Service].
func (api) Name() string { return name }

// Match implements [service.Service].
func (api) Match(r *wire.Request) (string, bool) {
	scope, _ := verify.Parse(r.HTTP)
	return describe, r.Form.Get("Action") == describe && (scope.Service == name || r.Form.Get("Version") == version)
}

// Serve implements [service.Service].
func (s api) Serve(r *wire.Request, action string) (wire.Reply, error) {
	c, signed, err := s.Authenticate(r, name, s.RegionOf(r.HTTP.Host))
	if err != nil {
		return wire.Reply{}, err
	}
	if err := c.Authorize(name+":"+action, "*"); err != nil {
		return wire.Reply{}, err
	}
	instance := wire.Group("item", wire.Text("instanceId", "i-0fake0000000000001"),
		wire.Group("placement", wire.Text("availabilityZone", signed.Region+"a")))
	reservation := wire.Group("item", wire.Text("ownerId", c.Account()), wire.Group("instancesSet", instance))
	return wire.XML(200, wire.Group(action+`Response xmlns="`+namespace+`"`,
		wire.Text("requestId", r.ID), wire.Group("reservationSet", reservation))), nil
}

// Refuse implements [service.Service].
func (api) Refuse(r *wire.Request, e *wire.Refusal) wire.Reply {
	return wire.XML(e.Status, wire.Group("Response",
		wire.Group("Errors", wire.Group("Error", wire.Text("Code", e.Code), wire.Text("Message", e.Message))),
		wire.Text("RequestID", r.ID)))
}
