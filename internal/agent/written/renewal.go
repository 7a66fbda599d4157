package written

import (
	"context"
	"time"

	"fob/internal/fob"
)

// When a file is renewed.
const (
	ahead = 15 * time.Minute // before it expires, or at half of the time left if that is less
	pause = time.Second      // at least, between attempts
	limit = time.Minute      // for one attempt
)

// schedule sets the one timer of a file.
func (r *Register) schedule(f *File) {
	left := f.Expiration.Sub(r.now())
	wait := left - min(ahead, left/2)
	if wait < pause {
		wait = max(left, 0)
	}
	f.stop()
	f.timer = time.AfterFunc(wait, func() { r.due(f) })
}

// due renews a file, or deletes it when it has expired.
func (r *Register) due(f *File) {
	r.mu.Lock()
	if r.files[f.Path] != f {
		r.mu.Unlock()
		return
	}
	ours, err := f.state()
	if expired := !f.Expiration.After(r.now()); expired || err == nil && !ours {
		defer r.mu.Unlock()
		defer r.letGo()
		if _, err := r.remove(f); err != nil {
			r.log.Error("a written file cannot be removed", "path", f.Path, "error", err)
		}
		r.log.Info("a written file was given up", "path", f.Path, "expired", expired)
		r.saveOrLog()
		return
	}
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	err = f.again(ctx, f)
	if err == nil {
		return
	}
	r.log.Info("a written file was not renewed", "path", f.Path, "kind", fob.OutcomeOf(err).Wire)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.files[f.Path] == f {
		r.schedule(f)
	}
}

func (f *File) stop() {
	if f.timer != nil {
		f.timer.Stop()
	}
}
