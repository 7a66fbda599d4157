package atomicfile

import (
	"os"
)

// maxLog is the size at which a log is begun anew, in bytes.
const maxLog = 16 << 20

// Append opens a private log to append to. What is there must be a regular file. One
// that has grown past 16 MiB is first renamed to path.old, in place of the one before;
// where that fails (on Windows, while another process has it open) it grows on.
func Append(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = regular(path, info)
	} else if os.IsNotExist(err) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	if info != nil && info.Size() > maxLog {
		_ = os.Rename(path, path+".old")
	}
	return open(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
}
