package broker

import (
	"time"

	"fob/internal/fob"
)

// Event is one line of the audit log: who was given what, when. It holds no
// secret; an access key id is a name, not one.
type Event struct {
	Time        time.Time  `json:"time"`
	Profile     string     `json:"profile"`
	Kind        string     `json:"kind,omitempty"`
	Way         string     `json:"way"`
	Caller      fob.Caller `json:"caller"`
	AccessKeyID string     `json:"access_key_id,omitempty"`
	Expiration  *time.Time `json:"expiration,omitempty"`
	Outcome     string     `json:"outcome"` // ok, or the wire name of a failure
}

// Audit writes down what became of a request.
func (b *Broker) Audit(req fob.Request, plan Plan, c fob.Credentials, err error) {
	if b.Record == nil {
		return
	}
	e := Event{Time: b.Clock.Now().UTC(), Profile: req.Profile, Way: req.Way, Caller: req.Caller, Outcome: "ok"}
	if len(plan) > 0 {
		e.Kind = plan[0].Kind.Name
	}
	if err != nil {
		e.Outcome = fob.OutcomeOf(err).Wire
	} else {
		e.AccessKeyID = c.AccessKeyID
		if !c.Expiration.IsZero() {
			e.Expiration = &c.Expiration
		}
	}
	b.Record(e)
}
