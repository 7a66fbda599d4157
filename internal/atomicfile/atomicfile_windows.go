package atomicfile

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// nonBlocking is nothing here: no file of a folder blocks when it is opened.
const nonBlocking = 0

func leased(error) bool { return false }

// rename replaces to, and is on disk when it returns. A reader that has the
// file open just now (this program, a virus scanner) makes Windows refuse; it
// is done in a moment, so the rename is tried again for a second.
func rename(from, to string) error {
	src, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	dst, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	for wait := time.Millisecond; ; wait *= 2 {
		err = windows.MoveFileEx(src, dst, windows.MOVEFILE_REPLACE_EXISTING|windows.MOVEFILE_WRITE_THROUGH)
		busy := errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
		if !busy || wait > 500*time.Millisecond {
			break
		}
		time.Sleep(wait)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// syncDir does nothing: MOVEFILE_WRITE_THROUGH has done it.
func syncDir(string) error { return nil }

// Private is always true: a file in the user's profile has the access control
// list of its directory, which its mode says nothing about.
func Private(os.FileInfo) bool { return true }
