package profile

import (
	"os"
	"time"
)

// settleTime is longer than the tick of any file system's time stamps: a file
// changed more recently than that may change again within the same tick.
const settleTime = 2 * time.Second

// stamp tells whether a file is still the one that was read.
type stamp struct {
	info    os.FileInfo // nil: there was no file
	settled bool        // the file was old enough for its time stamp to be trusted
}

func newStamp(info os.FileInfo) stamp {
	return stamp{info, info == nil || time.Since(info.ModTime()) > settleTime}
}

func (s stamp) current(info os.FileInfo) bool {
	if info == nil || s.info == nil {
		return info == nil && s.info == nil
	}
	return s.settled && os.SameFile(s.info, info) && s.info.Size() == info.Size() && s.info.ModTime().Equal(info.ModTime())
}
