//go:build linux

package vault

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fob/internal/fob"
	"fob/internal/vault/unlock/unlocktest"
	"fob/test/skip"
)

// inject runs the helper and injects a fault into its Nth system call of a kind. It reports whether
// the fault happened, and how the helper ended.
func inject(t *testing.T, call, what string, n int, args ...string) (hit bool, out string, err error) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	cmd := exec.CommandContext(t.Context(), "strace", append([]string{
		"-f", "-qq", "-o", log, "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:%s:when=%d", call, what, n),
		os.Args[0], "helper"}, args...)...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1") // so that the runtime makes fewer system calls of its own
	text, err := cmd.CombinedOutput()
	trace, _ := os.ReadFile(log)
	hit = strings.Contains(string(trace), "INJECTED") || strings.Contains(string(trace), "killed by SIGKILL")
	return hit, string(text), err
}

// each runs do for each system call of the given kinds, injecting a fault into it, until a run has
// no such call left.
func each(t *testing.T, what string, calls []string, do func(t *testing.T, run func(args ...string) (hit bool, out string, err error))) {
	skip.Need(t, "strace")
	for _, call := range calls {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				hit := false
				do(t, func(args ...string) (bool, string, error) {
					var out string
					var err error
					hit, out, err = inject(t, call, what, n, args...)
					return hit, out, err
				})
				if !hit || t.Failed() {
					if n == 1 {
						t.Errorf("%s is never called", call)
					}
					t.Logf("%d runs", n)
					return
				}
			}
		})
	}
}

// Whenever a writer is killed, the file holds the old vault or the new one, and the next writer
// succeeds.
func TestKilledWhileUpdating(t *testing.T) {
	t.Parallel()
	each(t, "signal=KILL", []string{"openat", "write", "fsync", "renameat", "close", "flock"}, func(t *testing.T, run func(args ...string) (bool, string, error)) {
		dir := t.TempDir()
		ok(t, helper("init", []string{dir, "file"}))
		ok(t, helper("add", []string{dir, "a", "b"}))
		hit, out, err := run("add", dir, "c")
		if !hit && err != nil {
			t.Fatalf("left in peace: %v: %s", err, out)
		}
		oldOrNew(t, dir, hit)
	})
}

func oldOrNew(t *testing.T, dir string, mayBeOld bool) {
	t.Helper()
	f := openDir(t, dir)
	names, err := f.Names()
	ok(t, err)
	if have := strings.Join(names, ""); have != "abc" && (!mayBeOld || have != "ab") {
		t.Errorf("there are %q", names)
	}
	if doc, _, err := readBackup(f.path+".bak", f.key); err != nil || len(doc.items) == 0 {
		t.Errorf("the last good copy: %v", err)
	}
	ok(t, put(f, "d"))
	ok(t, put(f, "c"))
	has(t, f, "a", "b", "c", "d")
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// If a write fails, the error names the file, and the old vault remains.
func TestDiskFailsWhileUpdating(t *testing.T) {
	t.Parallel()
	for what, calls := range map[string][]string{
		"error=ENOSPC": {"write", "openat"}, "error=EIO": {"fsync", "renameat", "write"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			each(t, what, calls, func(t *testing.T, run func(args ...string) (bool, string, error)) {
				dir := t.TempDir()
				ok(t, helper("init", []string{dir, "file"}))
				ok(t, helper("add", []string{dir, "a", "b"}))
				hit, out, err := run("add", dir, "c")
				if err != nil && !hit {
					t.Fatalf("left in peace: %v: %s", err, out)
				}
				ours := !strings.Contains(out, "runtime:") && !strings.Contains(out, "fatal error") // else Go's own start failed
				if err != nil && ours && (!strings.Contains(out, dir) || strings.Contains(out, marker)) {
					t.Errorf("it failed with %q", out)
				}
				oldOrNew(t, dir, err != nil)
			})
		})
	}
}

// A full disk, and a directory that cannot be written.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	skip.Need(t, "prlimit")
	dir := t.TempDir()
	ok(t, helper("init", []string{dir, "file"}))
	ok(t, helper("add", []string{dir, "a", "b"}))
	before := bytesOf(t, filepath.Join(dir, "vault.age"))
	out, err := exec.CommandContext(t.Context(), "prlimit", "--fsize=100", os.Args[0], "helper", "add", dir, "c").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "vault.age") || !strings.Contains(string(out), "file too large") {
		t.Errorf("%v: %s", err, out)
	}
	unchanged(t, filepath.Join(dir, "vault.age"), before)
	oldOrNew(t, dir, true)
}

// If making a vault was killed, the next attempt completes it or makes a new one; there is never a
// vault that cannot be opened.
func TestKilledWhileMaking(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"passphrase", "file"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			each(t, "signal=KILL", []string{"openat", "write", "fsync", "renameat"}, func(t *testing.T, run func(args ...string) (bool, string, error)) {
				dir := t.TempDir()
				if hit, out, err := run("init", dir, method); !hit && err != nil {
					t.Fatalf("left in peace: %v: %s", err, out)
				}
				s := New(testHome(dir), testMethods())
				existed := s.Exists()
				again := map[string]string{"passphrase": "file", "file": "passphrase"}[method]
				_, err := s.Init(t.Context(), again, Options{}, unlocktest.Person())
				if !existed {
					noIdentityAside(t, dir)
				}
				if existed != errors.Is(err, fob.ErrConflict) || !existed && err != nil {
					t.Fatalf("existed: %v, %v", existed, err)
				}
				s = fresh(s)
				ok(t, s.EnsureUnlocked(t.Context(), unlocktest.Person()))
				addTo(t, s, "a")
				if st := fresh(s).Status(t.Context()); st.State != Locked || st.Problem != "" {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

// noIdentityAside fails if a temporary file with an identity remains.
func noIdentityAside(t *testing.T, dir string) {
	t.Helper()
	if left, _ := filepath.Glob(filepath.Join(dir, ".identity*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// Killed during a change of the passphrase: the old one opens the vault, or the new one.
func TestKilledWhileChangingThePassphrase(t *testing.T) {
	t.Parallel()
	each(t, "signal=KILL", []string{"openat", "write", "fsync", "renameat"}, func(t *testing.T, run func(args ...string) (bool, string, error)) {
		dir := t.TempDir()
		ok(t, helper("init", []string{dir, "passphrase"}))
		if hit, out, err := run("passwd", dir); !hit && err != nil {
			t.Fatalf("left in peace: %v: %s", err, out)
		}
		ok(t, New(testHome(dir), testMethods()).Unlock(t.Context(), unlocktest.Person()))
	})
}

// Killed during a change of the unlock method: the old method opens the vault, or the new one. Once
// the vault is open, no other place has the identity, except a file that the user named.
func TestKilledWhileChangingTheMethod(t *testing.T) {
	t.Parallel()
	files := map[string]string{"file": "identity.txt", "passphrase": "identity.age"}
	for from, to := range map[string]string{"file": "passphrase", "passphrase": "file"} {
		t.Run(from+" to "+to, func(t *testing.T) {
			t.Parallel()
			each(t, "signal=KILL", []string{"openat", "write", "fsync", "renameat", "unlinkat"}, func(t *testing.T, run func(args ...string) (bool, string, error)) {
				dir := t.TempDir()
				ok(t, helper("init", []string{dir, from}))
				if hit, out, err := run("change", dir, to); !hit && err != nil {
					t.Fatalf("left in peace: %v: %s", err, out)
				}
				s := New(testHome(dir), testMethods())
				ok(t, s.Unlock(t.Context(), unlocktest.Person()))
				st := s.Status(t.Context())
				other := map[string]string{to: from, from: to}[st.Method]
				if _, err := os.Stat(filepath.Join(dir, files[other])); err == nil {
					t.Errorf("%s keeps the identity, and so does %s", st.Method, other)
				}
				noIdentityAside(t, dir)
				if st.Problem != "" || st.Method != to && st.Method != from {
					t.Errorf("%+v", st)
				}
				if st.Method == from {
					ok(t, fresh(s).Change(t.Context(), to, Options{}, unlocktest.Person()))
				}
				ok(t, fresh(s).Unlock(t.Context(), unlocktest.Person()))
			})
		})
	}
}

// Killed while restoring the backup copy: the damaged file is not lost before the copy is in its
// place, and the copy is never lost.
func TestKilledWhileRestoring(t *testing.T) {
	t.Parallel()
	damaged := []byte("damaged")
	each(t, "signal=KILL", []string{"openat", "write", "fsync", "renameat"}, func(t *testing.T, run func(args ...string) (bool, string, error)) {
		dir := t.TempDir()
		ok(t, helper("init", []string{dir, "file"}))
		ok(t, helper("add", []string{dir, "a", "b"}))
		path := filepath.Join(dir, "vault.age")
		setBytes(t, path, damaged)
		if hit, out, err := run("restore", dir); !hit && err != nil {
			t.Fatalf("left in peace: %v: %s", err, out)
		}
		kept, _ := filepath.Glob(path + ".damaged-*")
		if now := bytesOf(t, path); !slices.Equal(now, damaged) && len(kept) == 0 {
			t.Error("what was damaged is lost")
		} else if slices.Equal(now, damaged) {
			ok(t, helper("restore", []string{dir}))
		}
		has(t, openDir(t, dir), "a", "b")
	})
}
