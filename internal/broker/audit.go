package broker

import (
	"fob/internal/audit"
	"fob/internal/fob"
)

// Audit writes down what became of a request.
func (b *Broker) Audit(req fob.Request, plan Plan, c fob.Credentials, err error) {
	if b.Record == nil {
		return
	}
	e := audit.Event{Time: b.Now().UTC(), Profile: req.Profile, Way: req.Way, Caller: req.Caller, Outcome: "ok"}
	if len(plan) > 0 {
		e.Kind = plan[0].Kind.Name
	}
	if err != nil {
		e.Outcome = fob.OutcomeOf(err).Wire
	} else {
		e.AccessKeyID, e.LongLived, e.Via = c.AccessKeyID, c.AccessKeyID != "" && c.LongLived(), c.Via
		if !c.Expiration.IsZero() {
			e.Expiration = &c.Expiration
		}
	}
	b.Record(e)
}
