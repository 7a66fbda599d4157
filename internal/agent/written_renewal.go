package agent

import (
	"context"
	"time"

	"fob/internal/api"
	"fob/internal/delivery"
	"fob/internal/fob"
)

// Renewal of a file that is out.
const (
	writtenAhead = 15 * time.Minute // before it expires, or at half of the time left if that is less
	writtenPause = time.Second      // at least, between attempts
	writtenLimit = time.Minute      // for one attempt
)

// writer lets one request write a file, which is renewed by the same request
// made again, with nobody to ask.
func (a *Agent) writer(r *request, p *api.DeliverParams, profile string) func(delivery.File) (string, error) {
	epoch, open := a.written.begun()
	if !open {
		return nil
	}
	again := request{conn: &conn{caller: r.conn.caller}, caller: r.caller}
	return func(d delivery.File) (string, error) {
		return a.written.put(d, turn{
			profile: profile, epoch: epoch, renews: r.renews,
			again: func(ctx context.Context, f *writtenFile) error {
				same := again
				same.renews = f
				_, err := a.deliver(ctx, &same, *p)
				return err
			},
			tell: func(message string) { r.ui.Tell(context.Background(), message) }, // which waits for nobody
		})
	}
}

// schedule sets the one timer of a file.
func (w *written) schedule(f *writtenFile) {
	left := f.Expiration.Sub(w.now())
	wait := left - min(writtenAhead, left/2)
	if wait < writtenPause {
		wait = max(left, 0)
	}
	f.stop()
	f.timer = time.AfterFunc(wait, func() { w.due(f) })
}

// due renews a file, or takes it away when it has expired.
func (w *written) due(f *writtenFile) {
	w.mu.Lock()
	if w.files[f.Path] != f {
		w.mu.Unlock()
		return
	}
	ours, err := f.state()
	if expired := !f.Expiration.After(w.now()); expired || err == nil && !ours {
		defer w.mu.Unlock()
		defer w.letGo()
		if _, err := w.remove(f); err != nil {
			w.log.Error("a written file cannot be removed", "path", f.Path, "error", err)
		}
		w.log.Info("a written file is no longer out", "path", f.Path, "expired", expired)
		w.saveOrLog()
		return
	}
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), writtenLimit)
	defer cancel()
	err = f.again(ctx, f)
	if err == nil {
		return
	}
	w.log.Info("a written file was not renewed", "path", f.Path, "kind", fob.OutcomeOf(err).Wire)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.files[f.Path] == f {
		w.schedule(f)
	}
}

func (f *writtenFile) stop() {
	if f.timer != nil {
		f.timer.Stop()
	}
}
