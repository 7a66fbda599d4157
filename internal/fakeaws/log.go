package fakeaws

import (
	"cmp"
	"maps"
	"strings"
	"time"

	"fob/internal/fakeaws/service"
	"fob/internal/fakeaws/verify"
	"fob/internal/fakeaws/wire"
)

// Entry is one request, as the log has it: no secret, token, or MFA code.
type Entry struct {
	Time        time.Time         `json:"time"`
	RequestID   string            `json:"request_id"`
	Service     string            `json:"service"` // sts, iam, or what the request was signed for
	Action      string            `json:"action"`
	AccessKeyID string            `json:"access_key_id,omitempty"`
	Region      string            `json:"region,omitempty"`
	Host        string            `json:"host"`
	Proto       string            `json:"proto"` // HTTP/1.1, HTTP/2.0
	UserAgent   string            `json:"user_agent,omitempty"`
	Params      map[string]string `json:"params,omitempty"`
	Status      int               `json:"status"` // 0: no answer
	Code        string            `json:"code,omitempty"`
	Fault       string            `json:"fault,omitempty"`
}

// begin logs a request's arrival and picks the fault that waits for it.
func (s *Server) begin(r *wire.Request, svc service.Service, action string) (*Entry, *Fault) {
	sig, _ := verify.Parse(r.HTTP)
	e := &Entry{Time: s.Now(), RequestID: r.ID, Service: cmp.Or(svc.Name(), sig.Service, "echo"), Action: action,
		AccessKeyID: sig.AccessKeyID, Region: sig.Region, Host: r.HTTP.Host, Proto: r.HTTP.Proto, UserAgent: r.HTTP.UserAgent(), Params: map[string]string{}}
	for name := range r.Form {
		if name != "TokenCode" && name != "Session" && !strings.Contains(name, "Token") && name != "Action" && name != "Version" {
			e.Params[name] = r.Form.Get(name)
		}
	}
	if sees, ok := svc.(interface{ Arrived(*wire.Request, string) }); ok {
		sees.Arrived(r, action)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, e)
	return e, s.pickFault(e)
}

// Calls counts the requests for an action that arrived, those that met a fault
// or were refused included. The action may be named with its service
// (sts:AssumeRole); empty counts all.
func (s *Server) Calls(action string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, e := range s.entries {
		if e.matches(action) {
			n++
		}
	}
	return n
}

func (e *Entry) matches(action string) bool {
	return action == "" || action == e.Action || action == e.Service+":"+e.Action
}

// Log returns what was requested so far, in order.
func (s *Server) Log() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Entry, len(s.entries))
	for i, e := range s.entries {
		list[i] = *e
		list[i].Params = maps.Clone(e.Params)
	}
	return list
}

// Reset forgets the log, with its counts, and the faults; the scene, sessions
// and clock stay.
func (s *Server) Reset() {
	s.mu.Lock()
	s.entries, s.faults = nil, nil
	s.mu.Unlock()
	s.ResetCounts()
}
