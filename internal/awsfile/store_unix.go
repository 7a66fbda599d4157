//go:build !windows

package awsfile

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ours reports whether a file may be replaced: this user owns it, or this user is root and can
// restore its owner.
func ours(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (int(stat.Uid) == os.Geteuid() || os.Geteuid() == 0)
}

// keep gives the temporary file the owner, mode and extended attributes (including access control
// lists) of the original.
func keep(tmp *os.File, path string, info fs.FileInfo) error {
	made, err := tmp.Stat()
	if err != nil {
		return err
	}
	mode := info.Mode().Perm()
	old, have := info.Sys().(*syscall.Stat_t), made.Sys().(*syscall.Stat_t)
	if old.Uid != have.Uid {
		if err := tmp.Chown(int(old.Uid), int(old.Gid)); err != nil {
			return err
		}
	} else if old.Gid != have.Gid && tmp.Chown(-1, int(old.Gid)) != nil {
		mode &^= 0o070 // a group this user is not in: what it could do is not given to another
	}
	if err := tmp.Chmod(mode); err != nil {
		return err
	}
	keepAttributes(tmp, path)
	return nil
}

// keepAttributes copies what can be copied: file systems without extended
// attributes, and those that only the kernel may set, are no reason to fail.
func keepAttributes(tmp *os.File, path string) {
	size, err := unix.Listxattr(path, nil)
	if err != nil || size == 0 {
		return
	}
	names := make([]byte, size)
	if size, err = unix.Listxattr(path, names); err != nil {
		return
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(names[:size]), "\x00"), "\x00") {
		size, err := unix.Getxattr(path, name, nil)
		if err != nil {
			continue
		}
		value := make([]byte, size)
		if size, err = unix.Getxattr(path, name, value); err == nil {
			_ = unix.Fsetxattr(int(tmp.Fd()), name, value[:size], 0)
		}
	}
}

// syncDir makes a rename last. Some file systems cannot sync a directory.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
