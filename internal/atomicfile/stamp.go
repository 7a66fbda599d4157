package atomicfile

import (
	"os"
	"time"
)

// stampTick is longer than the tick of any file system's time stamps: a file
// changed more recently than that may change again within the same tick.
const stampTick = 2 * time.Second

// Stamp tells whether a file is still the one that was read.
type Stamp struct {
	info    os.FileInfo // nil: there was no file
	settled bool        // the file was old enough for its time stamp to be trusted
}

// NewStamp is the stamp of a file that is about to be read; info is nil if there is none.
func NewStamp(info os.FileInfo) Stamp {
	return Stamp{info, info == nil || time.Since(info.ModTime()) > stampTick}
}

// Current reports whether the file, of which info is as it is now, is certainly still
// the same.
func (s Stamp) Current(info os.FileInfo) bool {
	if info == nil || s.info == nil {
		return info == nil && s.info == nil
	}
	return s.settled && os.SameFile(s.info, info) && s.info.Size() == info.Size() && s.info.ModTime().Equal(info.ModTime())
}
