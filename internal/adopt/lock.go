package adopt

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"fob/internal/atomicfile"
	"fob/internal/draft"
	"fob/internal/fob"
)

// How long one adoption or release waits for another. They take milliseconds; the limit
// is there for one that hangs.
const (
	lockLimit = 10 * time.Second
	lockPoll  = 5 * time.Millisecond
)

// exclusively runs do while no other adoption or release runs in any process: else their
// records would mix in the vault. It refuses with [draft.ErrChanged] if a file has changed
// since its draft was made.
func exclusively(ctx context.Context, d *draft.Files, lockDir string, do func() error) error {
	if err := os.MkdirAll(lockDir, 0o700); err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot make %s: %w", lockDir, err)
	}
	limited, cancel := context.WithTimeout(ctx, lockLimit)
	defer cancel()
	lock := atomicfile.Lock(filepath.Join(lockDir, "move.lock"))
	if _, err := lock.TryLockContext(limited, lockPoll); err != nil {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case limited.Err() != nil:
			return fob.Errorf(fob.ErrConflict, "another fob is adopting or releasing, and does not finish").WithHint("try again")
		}
		return fob.Errorf(fob.ErrInternal, "cannot lock %s: %w", lock.Path(), err)
	}
	defer lock.Unlock()
	for _, one := range d.All() {
		if err := one.Check(ctx, lockDir); err != nil {
			return err
		}
	}
	return do()
}
