package broker

import (
	"context"
	"os"
	"strconv"
	"sync"
	"time"

	"fob/internal/fob"
)

// rangeLocks lets one process at a time retrieve a principal. All principals
// share one lock file, each locking the byte at an offset made from its key, so
// that thousands of principals do not leave thousands of files. Within the
// process flights do the same.
type rangeLocks struct {
	mu   sync.Mutex
	file *os.File // stays open: POSIX locks end when any descriptor closes
}

func (r *rangeLocks) open(path string) (*os.File, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file != nil {
		return r.file, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fob.Errorf(fob.ErrInternal, "cannot open the lock file: %w", err).WithHint("check the directory's owner and free space")
	}
	r.file = f
	return f, nil
}

// lock waits for the byte of key. The system has no lock that waits and can be
// given up, so it is tried again and again, ever more slowly. busy is called once,
// where another process has it for long.
func (r *rangeLocks) lock(ctx context.Context, path, key string, busy func()) (unlock func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	f, err := r.open(path)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(key[:16], 16, 64)
	if err != nil {
		return nil, fob.Errorf(fob.ErrInternal, "cache key is not a hash")
	}
	offset := int64(n >> 2)
	notice := time.AfterFunc(noticeAfter, busy)
	defer notice.Stop()
	for pause := 2 * time.Millisecond; ; pause = min(pause*2, 100*time.Millisecond) {
		ok, err := tryLock(f, offset)
		if err != nil {
			return nil, fob.Errorf(fob.ErrInternal, "cannot lock %s: %w", path, err)
		}
		if ok {
			return func() { _ = releaseLock(f, offset) }, nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, fob.Errorf(fob.ErrInternal, "another process has been retrieving the same credentials for too long").
				WithHint("fob agent status")
		}
	}
}
