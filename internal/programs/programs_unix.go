//go:build unix

package programs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"fob/internal/fob"
	"fob/internal/quote"
)

// isolated starts a program in a session of its own: it has no terminal, and is ended
// together with what it has started. end is called after it has ended.
func isolated(cmd *exec.Cmd) (end func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	return func() {}, cmd.Start()
}

// private refuses a file that another user owns or may write, and one in a directory in
// which another could put a file in its place. Directories that a group may write are
// let be: those of package managers (Homebrew, /usr/local) are the administrators'.
func private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := owned(path, info); err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fob.Errorf(fob.ErrUsage, "other users may write %s (mode %04o)", path, mode).WithHint("chmod go-w %s", quote.Word(path))
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if err := owned(dir, info); err != nil {
			return err
		}
		if info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
			return fob.Errorf(fob.ErrUsage, "other users may replace %s: they may write %s", path, dir).WithHint("chmod o-w %s", quote.Word(dir))
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// owned refuses what belongs neither to this user nor to root.
func owned(path string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if ok && stat.Uid != 0 && int(stat.Uid) != os.Geteuid() {
		return fob.Errorf(fob.ErrUsage, "%s belongs to another user", path).
			WithHint("chown %s %s, or name a copy of your own", fmt.Sprint(os.Geteuid()), quote.Word(path))
	}
	return nil
}
