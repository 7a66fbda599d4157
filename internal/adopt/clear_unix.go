//go:build unix

package adopt

import (
	"io/fs"
	"syscall"
)

// links is how many names a file has on disk, and the number by which they are found.
func links(info fs.FileInfo) (n, inode uint64) {
	if at, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(at.Nlink), uint64(at.Ino) // of other widths on other systems
	}
	return 1, 0
}
