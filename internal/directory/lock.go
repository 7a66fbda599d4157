package directory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"fob/internal/fob"
)

// searchPoll is how often one search looks whether another has ended: they take
// seconds to minutes.
const searchPoll = 100 * time.Millisecond

// Searching makes its caller the only one, in any process, that searches a source,
// until unlock. Where another does already, busy is called once before
// that one is waited for, and waited says that it happened.
func (s *Store) Searching(ctx context.Context, of Source, busy func()) (unlock func(), waited bool, err error) {
	dir := s.home.Locks()
	sum := sha256.Sum256([]byte(s.path(of.Name))) // names may be URLs
	lock := flock.New(filepath.Join(dir, "search-"+hex.EncodeToString(sum[:8])), flock.SetPermissions(0o600))
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
	if _, err := lock.TryLockContext(ctx, searchPoll); ctx.Err() != nil {
		return nil, true, ctx.Err()
	} else if err != nil {
		return nil, true, failed(err)
	}
	return unlock, true, nil
}
