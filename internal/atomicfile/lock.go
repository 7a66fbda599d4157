package atomicfile

import (
	"os"

	"github.com/gofrs/flock"
)

// Lock returns the lock of a lock file, which is made when it is missing, for this user
// alone. It is opened for writing too, so that a FIFO in its place does not make the
// caller wait for a writer.
func Lock(path string) *flock.Flock {
	return flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
}
