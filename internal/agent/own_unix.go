//go:build unix

package agent

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"fob/internal/fob"
	"fob/internal/quote"
)

// checkOwn refuses fob's directories, and the files that decide what the agent does, if
// they belong to another user, or other users may write them: who does could have the
// agent call a server of theirs, or unlock a vault of theirs. It costs a few stats, so
// that it is done before each request.
func checkOwn(home fob.Home) error {
	for _, path := range []string{
		home.ConfigDir, home.DataDir, home.StateDir, home.Locks(),
		home.Config(), home.Vault(), home.Cache(), filepath.Join(home.DataDir, "vault.json"),
	} {
		if err := checkOwner(path); err != nil {
			return err
		}
	}
	return nil
}

// checkAllOwn is [checkOwn] for everything in fob's directories.
func checkAllOwn(home fob.Home) error {
	for _, dir := range []string{home.ConfigDir, home.DataDir, home.StateDir} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return nil // gone meanwhile, or unreadable, which is said when it is read
			}
			return checkOwner(path)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// checkOwner refuses a path that belongs to another user, or that other users may write.
// What belongs to root is fine: root can do anything. Of a symbolic link, both ends count.
func checkOwner(path string) error {
	for _, stat := range []func(string) (os.FileInfo, error){os.Lstat, os.Stat} {
		info, err := stat(path)
		if err != nil {
			return nil // missing, or said when it is opened
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		word := quote.Word(path)
		switch {
		case ok && st.Uid != 0 && int(st.Uid) != os.Geteuid():
			return fob.Errorf(fob.ErrInternal, "%s belongs to another user (uid %d)", path, st.Uid).
				WithHint("look at what is in it, then: chown %d %s", os.Geteuid(), word)
		case info.Mode()&fs.ModeSymlink != 0:
			continue // its mode says nothing, but the other end's does
		case !info.Mode().IsRegular() && !info.IsDir():
			return nil // a device, say, whose mode is the system's: refused by name when it is opened
		case info.Mode().Perm()&0o022 != 0:
			return fob.Errorf(fob.ErrInternal, "other users may write %s (mode %04o)", path, info.Mode().Perm()).
				WithHint("look at what is in it, then: chmod go-w %s", word)
		}
		return nil
	}
	return nil
}
