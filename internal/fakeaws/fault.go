package fakeaws

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"fob/internal/fakeaws/service"
	"fob/internal/fakeaws/wire"
)

// Fault is something that goes wrong on demand.
type Fault struct {
	// Action it waits for, such as AssumeRole or iam:GetUser; empty: any.
	Action string `json:"action"`
	// Kind is one of the Fault constants.
	Kind string `json:"kind"`
	// After lets that many calls through first.
	After int `json:"after,omitempty"`
	// Times is how often it happens; 0 is until [Server.Heal].
	Times int `json:"times,omitempty"`
	// Delay is for FaultSlow.
	Delay time.Duration `json:"-"`
	// Status, Code and Message are for FaultError; FaultUnavailable has a
	// status of 503 unless this says other.
	Status  int    `json:"status,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`

	spent bool
}

// The kinds of fault.
const (
	FaultThrottle    = "throttle"    // 400 Throttling "Rate exceeded"
	FaultUnavailable = "unavailable" // 503 ServiceUnavailable, or 500 InternalFailure
	FaultError       = "error"       // any code: RegionDisabledException, …
	FaultSlow        = "slow"        // answers after Delay
	FaultHang        = "hang"        // never answers
	FaultReset       = "reset"       // the connection is reset before anything is done
	FaultLost        = "lost"        // it is done, and the connection is reset before the answer
	FaultHTML        = "html"        // 200 and a captive portal's page
	FaultTruncated   = "truncated"   // it is done, and half of the answer is sent
)

func faultKinds() []string {
	return []string{FaultThrottle, FaultUnavailable, FaultError, FaultSlow, FaultHang, FaultReset, FaultLost, FaultHTML, FaultTruncated}
}

// Fail makes a fault wait for its calls. Of several the first one has a call.
func (s *Server) Fail(f Fault) { check(s.fail(f)) }

func (s *Server) fail(f Fault) error {
	if !slices.Contains(faultKinds(), f.Kind) {
		return fmt.Errorf("no kind of fault %q; there are %v", f.Kind, faultKinds())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
	return nil
}

// Heal removes all faults.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) pickFault(e *Entry) *Fault {
	for _, f := range s.faults {
		switch {
		case f.spent || !e.matches(f.Action):
			continue
		case f.After > 0:
			f.After--
			continue
		case f.Times > 0:
			f.Times--
			f.spent = f.Times == 0
		}
		picked := *f
		e.Fault = f.Kind
		return &picked
	}
	return nil
}

const portalPage = "<!DOCTYPE html>\n<html><head><title>Welcome to Airport WiFi</title></head><body><form action=\"/accept\">Please accept the terms.</form></body></html>\n"

// apply gives the answer that a call meets, or false where it gets none.
func (f *Fault) apply(s *Server, r *wire.Request, svc service.Service, e *Entry, answer func() wire.Reply) (wire.Reply, bool) {
	if f == nil {
		return answer(), true
	}
	switch f.Kind {
	case FaultThrottle:
		return f.refuse(s, svc, r, e, wire.Refuse(400, "Throttling", "Rate exceeded")), true
	case FaultUnavailable:
		if f.Status == 500 {
			return f.refuse(s, svc, r, e, wire.AsRefusal(fmt.Errorf("fault"))), true
		}
		return f.refuse(s, svc, r, e, wire.Refuse(cmp.Or(f.Status, 503), "ServiceUnavailable", "Service is unavailable. Please try again later.")), true
	case FaultError:
		return f.refuse(s, svc, r, e, wire.Refuse(cmp.Or(f.Status, 400), f.Code, f.Message)), true
	case FaultHTML:
		s.note(e, 200, "")
		return wire.Reply{Status: 200, ContentType: "text/html", Body: []byte(portalPage)}, true
	case FaultReset:
		return wire.Reply{}, false
	case FaultHang:
		select {
		case <-r.HTTP.Context().Done():
		case <-s.closed:
		}
		return wire.Reply{}, false
	case FaultSlow:
		return f.slow(s, r, answer)
	case FaultLost:
		answer()
		return wire.Reply{}, false
	}
	rep := answer() // FaultTruncated
	rep.Body = rep.Body[:len(rep.Body)/2]
	return rep, true
}

func (f *Fault) slow(s *Server, r *wire.Request, answer func() wire.Reply) (wire.Reply, bool) {
	ctx, cancel := context.WithCancel(r.HTTP.Context())
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-s.closed:
			cancel()
		case <-stop:
		}
	}()
	s.wait(ctx, f.Delay)
	if ctx.Err() != nil {
		return wire.Reply{}, false
	}
	return answer(), true
}

func (f *Fault) refuse(s *Server, svc service.Service, r *wire.Request, e *Entry, refusal *wire.Refusal) wire.Reply {
	rep := svc.Refuse(r, refusal) // in the service's own code
	s.note(e, rep.Status, refusal.Code)
	return rep
}

func (s *Server) note(e *Entry, status int, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Status, e.Code = status, code
}
