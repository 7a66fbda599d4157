package directory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"time"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// lockPoll is how often a waiting search tries the lock. Searches take seconds to
// minutes.
const lockPoll = 100 * time.Millisecond

// Lock makes the caller the only one in any process that searches a source, until it
// calls unlock. If another search is running, busy is called once and Lock waits for it;
// waited reports that. The error is that of ctx if it ends first.
func (s *Store) Lock(ctx context.Context, of Source, busy func()) (unlock func(), waited bool, err error) {
	dir := s.home.Locks()
	sum := sha256.Sum256([]byte(s.path(of.Name))) // a name may be a URL
	lock := atomicfile.Lock(filepath.Join(dir, "search-"+hex.EncodeToString(sum[:8])))
	failed := func(err error) error {
		return fob.Errorf(fob.ErrInternal, "cannot lock %s: %w", lock.Path(), err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, false, failed(err)
	}
	unlock = func() { _ = lock.Unlock() }
	alone, err := lock.TryLock()
	if err != nil {
		return nil, false, failed(err)
	}
	if alone {
		return unlock, false, nil
	}
	busy()
	if _, err := lock.TryLockContext(ctx, lockPoll); ctx.Err() != nil {
		return nil, true, ctx.Err()
	} else if err != nil {
		return nil, true, failed(err)
	}
	return unlock, true, nil
}
