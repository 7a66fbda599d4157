package draft

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// How long one change of definitions waits for another. They take milliseconds; the limit
// is there for one that hangs.
const (
	lockLimit = 10 * time.Second
	lockPoll  = 5 * time.Millisecond
)

// Alone runs do while no other process, and nobody else in this one, changes definitions
// together with what the vault keeps for them: else one would delete a secret that the
// other is about to need. lockDir is [fob.Home.Locks].
func Alone(ctx context.Context, lockDir string, do func() error) error {
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
			return fob.Errorf(fob.ErrConflict, "another fob is changing definitions, and does not finish").WithHint("try again")
		}
		return fob.Errorf(fob.ErrInternal, "cannot lock %s: %w", lock.Path(), err)
	}
	defer lock.Unlock()
	return do()
}

// Alone is [Alone] for the writing of drafts. It refuses with [ErrChanged] if a file has
// changed since its draft was made.
func (d *Files) Alone(ctx context.Context, lockDir string, do func() error) error {
	return Alone(ctx, lockDir, func() error {
		for _, one := range d.All() {
			if err := one.Check(ctx, lockDir); err != nil {
				return err
			}
		}
		return do()
	})
}
