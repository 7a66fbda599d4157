package adopt

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"fob/internal/draft"
	"fob/internal/fob"
)

// How long one move waits for another: they take milliseconds.
const (
	aloneLimit = 10 * time.Second
	alonePoll  = 5 * time.Millisecond
)

// alone runs do while no other move runs in any process, if the files are still
// those that were drafted: else the records of two moves would mix in the vault.
func alone(ctx context.Context, d *draft.Files, lockDir string, do func() error) error {
	if err := os.MkdirAll(lockDir, 0o700); err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot make %s: %w", lockDir, err)
	}
	limited, cancel := context.WithTimeout(ctx, aloneLimit)
	defer cancel()
	lock := flock.New(filepath.Join(lockDir, "move.lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(limited, alonePoll); err != nil {
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
