package adopt

import "io/fs"

// links is not told by what Windows says of an open file without a call of its own.
func links(fs.FileInfo) (n, inode uint64) { return 1, 0 }
