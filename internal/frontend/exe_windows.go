package frontend

import (
	"strings"
	"syscall"
)

// plainPath returns the short form of a path that has more than letters and digits of
// ASCII, and the path itself where the volume has no short names.
func plainPath(path string) string {
	if !strings.ContainsFunc(path, func(r rune) bool { return r >= 0x80 || strings.ContainsRune(" ()'&^%!;=,`", r) }) {
		return path
	}
	long, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return path
	}
	short := make([]uint16, syscall.MAX_PATH)
	n, err := syscall.GetShortPathName(long, &short[0], uint32(len(short)))
	if err != nil || n == 0 || n > uint32(len(short)) {
		return path
	}
	return syscall.UTF16ToString(short[:n])
}
