package awsfile_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"fob/test/skip"
)

const (
	oldText = "# keep\n[profile old]\nregion = x\n"
	newText = "# keep\n[profile old]\nregion = x\n\n[profile new0]\nregion = eu-west-1\n"
)

// faulted runs one update with the nth call of a system call made to fail. It
// returns the exit status and the directory of the file.
func faulted(t *testing.T, call, fault string, n int) (status int, dir, message string) {
	t.Helper()
	dir = t.TempDir()
	path := filepath.Join(dir, "config")
	write(t, path, oldText)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace="+call,
		"-e", fmt.Sprintf("inject=%s:%s:when=%d", call, fault, n),
		os.Args[0], path, t.TempDir(), "new", "1")
	cmd.Env = append(os.Environ(), "AWSFILE_HELPER=1", "GOMAXPROCS=1", "GOGC=off")
	var out bytes.Buffer
	cmd.Stderr = &out
	_ = cmd.Run()
	return cmd.ProcessState.ExitCode(), dir, out.String()
}

func needStrace(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("strace", "-qq", "-o", "/dev/null", "true").CombinedOutput(); err != nil {
		skip.Missing(t, "strace: %v\n%s", err, out)
	}
}

// calls are the system calls of a write, and a bound for how often the helper
// makes each, those of the runtime's start and of coverage among them.
var calls = map[string]int{"openat": 30, "write": 8, "fsync": 3, "fchmod": 3, "renameat": 6, "close": 30}

// Killed at any system call, the old file or the new one is there.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	needStrace(t)
	for call, most := range calls {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			killed, old := 0, 0
			for n := 1; ; n++ {
				status, dir, out := faulted(t, call, "signal=KILL", n)
				got := content(t, filepath.Join(dir, "config"))
				if status == 0 {
					if got != newText {
						t.Fatalf("call %d: %q", n, got)
					}
					break
				}
				killed++
				if got == oldText {
					old++
				} else if got != newText {
					t.Fatalf("torn at call %d: %q (%s)", n, got, out)
				}
				if n > most {
					t.Fatalf("more than %d calls: is the helper being killed at all?", most)
				}
			}
			if killed == 0 || old == 0 {
				t.Fatalf("killed %d times, %d before the file changed: %s is not called", killed, old, call)
			}
			t.Logf("killed %d times, %d before the file changed", killed, old)
		})
	}
}

// An error of any system call is reported, leaves the old file, and no other.
func TestErrorsLeaveTheOldFile(t *testing.T) {
	t.Parallel()
	needStrace(t)
	for _, c := range []struct{ call, err string }{
		{"write", "ENOSPC"}, {"write", "EIO"}, {"fsync", "EIO"}, {"fchmod", "EIO"}, {"renameat", "EIO"}, {"close", "EIO"}, {"openat", "EACCES"},
	} {
		t.Run(c.call+" "+c.err, func(t *testing.T) {
			t.Parallel()
			failed := 0
			// strace counts calls by thread. A write of the runtime's that is
			// the first of another thread fails too, and ends the helper
			// before ours: then once more.
			for n := 1; n <= calls[c.call] || failed == 0 && n <= 8*calls[c.call]; n++ {
				status, dir, out := faulted(t, c.call, "error="+c.err, 1+(n-1)%calls[c.call])
				path := filepath.Join(dir, "config")
				got := content(t, path)
				switch {
				case status == 0 && got == newText: // the runtime's, or not reached
				case status != 0 && got == oldText && !strings.Contains(out, "cannot "): // the runtime's
				case status != 0 && got == oldText:
					failed++
				case status != 0 && got == newText && strings.Contains(out, "for certain"):
				default:
					t.Fatalf("call %d: status %d, %q, %s", n, status, got, out)
				}
				onlyFiles(t, dir, "config")
				if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
					t.Fatalf("%v %v", info.Mode(), err)
				}
			}
			if failed == 0 {
				t.Fatal("no error was met")
			}
			t.Logf("failed %d times", failed)
		})
	}
}

// asNobody runs an update as another user, from a copy of this binary where
// that user can reach it.
func asNobody(t *testing.T, path string) (string, error) {
	t.Helper()
	if os.Geteuid() != 0 {
		skip.Because(t, skip.NotRoot)
	}
	dir, err := os.MkdirTemp("", "fob-nobody-*") // t.TempDir is below a directory for root alone, at times
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	self, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	helper, err := os.OpenFile(filepath.Join(dir, "helper"), os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(helper, self); err != nil {
		t.Fatal(err)
	}
	if err := helper.Close(); err != nil {
		t.Fatal(err)
	}
	locks := filepath.Join(dir, "locks")
	if err := os.Mkdir(locks, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, locks} {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(helper.Name(), path, locks, "new", "1")
	cmd.Env = []string{"AWSFILE_HELPER=1"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestOtherUsersFileIsRefused(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "fob-owner-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "config")
	write(t, path, oldText)
	for _, p := range []string{dir, path} { // that it could be replaced is not the point
		if err := os.Chmod(p, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	out, err := asNobody(t, path)
	if err == nil || !strings.Contains(out, "belongs to another user") || content(t, path) != oldText {
		t.Fatalf("%v %s %q", err, out, content(t, path))
	}
	onlyFiles(t, dir, "config")
}

func TestReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "fob-readonly-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "config")
	write(t, path, oldText)
	if os.Geteuid() == 0 {
		if err := os.Chown(path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := asNobody(t, path)
	if err == nil || !strings.Contains(out, path) || !strings.Contains(out, "permission denied") || content(t, path) != oldText {
		t.Fatalf("%v %s", err, out)
	}
	onlyFiles(t, dir, "config")
}

func TestOwnerModeAndAttributesAreKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config")
	write(t, path, oldText)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	uid, gid := os.Geteuid(), os.Getegid()
	if uid == 0 {
		uid, gid = 65534, 65533
		if err := os.Chown(path, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	attributes := unix.Setxattr(path, "user.fob", []byte("kept"), 0) == nil
	if err := update(t, path, setRegion); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	if int(stat.Uid) != uid || int(stat.Gid) != gid || info.Mode().Perm() != 0o640 {
		t.Fatalf("%d:%d %v", stat.Uid, stat.Gid, info.Mode())
	}
	if value := make([]byte, 10); attributes {
		if n, err := unix.Getxattr(path, "user.fob", value); err != nil || string(value[:n]) != "kept" {
			t.Fatalf("%q %v", value, err)
		}
	}
}
