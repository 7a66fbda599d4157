package processline

import (
	"path/filepath"
	"strings"
)

// Calls reports whether a credential_process is one that adopt writes,
// wherever fob was at the time.
func Calls(process, name string) bool {
	called, ok := Called(process)
	return ok && called == name
}

// Called is the name that a credential_process asks fob for; ok is false if it is
// not fob's.
func Called(process string) (name string, ok bool) {
	exe, args, _ := strings.Cut(process, " credentials ")
	base := filepath.Base(strings.Trim(exe, `"`))
	words := strings.Fields(args)
	if len(words) == 0 || base != "fob" && base != "fob.exe" {
		return "", false
	}
	return words[0], true
}
