package service

import (
	"net/http"
	"strings"

	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/verify"
	"fob/internal/fakeaws/wire"
)

// JSON is a service of AWS's JSON protocol: X-Amz-Target names the operation.
type JSON struct {
	*Env
	Service    string
	Target     string // what X-Amz-Target has before the operation's name
	Operations map[string]func(c *identity.Caller, sig verify.Signature) (any, error)
}

// Name implements [Service].
func (s JSON) Name() string { return s.Service }

// Match implements [Service].
func (s JSON) Match(r *wire.Request) (string, bool) {
	return strings.CutPrefix(r.HTTP.Header.Get("X-Amz-Target"), s.Target+".")
}

// Serve implements [Service]. Every operation needs the permission of its name.
func (s JSON) Serve(r *wire.Request, action string) (wire.Reply, error) {
	c, sig, err := s.Authenticate(r, s.Service, "")
	if err != nil {
		return wire.Reply{}, err
	}
	run := s.Operations[action]
	if run == nil {
		return wire.Reply{}, wire.Refuse(http.StatusBadRequest, "UnknownOperationException", "")
	}
	if err := c.Authorize(s.Service+":"+action, "*"); err != nil {
		return wire.Reply{}, err
	}
	out, err := run(c, sig)
	if err != nil {
		return wire.Reply{}, err
	}
	return wire.JSON(http.StatusOK, out), nil
}

// Refuse implements [Service].
func (s JSON) Refuse(r *wire.Request, e *wire.Refusal) wire.Reply { return wire.RefuseJSON(r, e) }
