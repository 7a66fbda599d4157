package agent

import (
	"context"

	"fob/internal/agent/written"
	"fob/internal/api"
)

// writer lets one request write files. Each is renewed by the same request made
// again, with nobody to ask.
func (a *Agent) writer(r *request, p *api.DeliverParams, profile string) (w *written.Writer, ok bool) {
	if w, ok = a.written.Writer(); !ok {
		return nil, false
	}
	again := request{conn: &conn{caller: r.conn.caller}, caller: r.caller}
	w.Profile, w.Renews = profile, r.renews
	w.Again = func(ctx context.Context, f *written.File) error {
		same := again
		same.renews = f
		_, err := a.deliver(ctx, &same, *p)
		return err
	}
	w.Tell = func(message string) { r.ui.Tell(context.Background(), message) } // which waits for nobody
	return w, true
}

// deleteWritten deletes files that fob wrote.
func (a *Agent) deleteWritten(ctx context.Context, r *request, p api.TakeAwayParams) ([]string, error) {
	removed, missing, err := a.written.Delete(p.Paths)
	for _, path := range missing {
		r.ui.Tell(ctx, "nothing is out at "+path)
	}
	for _, path := range removed {
		if err != nil { // the answer is the error
			r.ui.Tell(ctx, "removed "+path)
		}
	}
	return removed, err
}
