//go:build linux

package system

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fob/test/skip"
)

// scripted makes a folder with fob, and a shell script in the agent's place.
func scripted(t testing.TB, script string) string {
	t.Helper()
	dir := tracedBin(t)
	agent := filepath.Join(dir, "fob-agent")
	if err := os.Remove(agent); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(agent, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func needStrace(t testing.TB) {
	t.Helper()
	skip.Need(t, "strace")
	if out, err := exec.Command("strace", "-qq", "-o", "/dev/null", "true").CombinedOutput(); err != nil {
		skip.Missing(t, "strace cannot be used: %s", out)
	}
}

// leftovers returns files that a writer should have removed.
func (w *world) leftovers() string {
	var left []string
	for name := range strings.FieldsSeq(w.tree(filepath.Join(w.home, ".aws")) + " " + w.tree(w.fob)) {
		if base := filepath.Base(name); strings.HasPrefix(base, ".") || strings.Contains(base, "damaged") {
			left = append(left, name)
		}
	}
	return strings.Join(left, " ")
}

// Every disk error is reported with the file's name, and nothing is lost.
func TestErrorsOfTheDisk(t *testing.T) {
	t.Parallel()
	needStrace(t)
	// strace counts calls for each thread, so the nth call of any thread fails, for small n. Where
	// the Go runtime does not survive that, it is like a kill.
	faulty := scripted(t, fmt.Sprintf(`exec strace -f -qq -o /dev/null -e "trace=$CALL" -e "inject=$CALL:error=$ERROR:when=$WHEN" %s "$@"`, filepath.Join(bin, "fob-agent")))
	for _, c := range []struct {
		call, err string
		most      int
	}{
		{"write", "ENOSPC", 6}, {"write", "EIO", 3}, {"fsync", "EIO", 5}, {"renameat", "EIO", 4}, {"fchmod", "EPERM", 2}, {"close", "EIO", 8}, {"unlinkat", "EIO", 1},
	} {
		t.Run(c.call+"-"+c.err, func(t *testing.T) {
			t.Parallel()
			failed := 0
			for n := 1; n <= c.most; n++ {
				w := lived(t, "")
				allowed := whole{}
				w.snapshot(allowed)
				done := lived(t, "")
				done.ok("adopt", "--yes")
				done.snapshot(allowed)
				w.bin = faulty
				cmd := w.alone("adopt", "--yes")
				cmd.Env = append(cmd.Env, "CALL="+c.call, "ERROR="+c.err, fmt.Sprint("WHEN=", n), "GOMAXPROCS=1", "GOGC=off")
				r := w.finish(cmd)
				w.bin = bin
				adjust(allowed, filepath.Join(faulty, "fob"), filepath.Join(bin, "fob"))
				w.notTorn(allowed)
				crashed := strings.Contains(r.err, "closed the connection") || strings.Contains(r.err, "did not start")
				if r.code != 0 && !crashed {
					failed++
					if !strings.Contains(r.err, w.home) && !strings.Contains(r.err, w.fob) {
						t.Errorf("call %d: no file is named: %v", n, r)
					}
					if left := w.leftovers(); left != "" {
						t.Errorf("call %d: left behind: %s (%v)", n, left, r)
					}
				}
				w.works()
				w.adoptAndBack()
			}
			t.Logf("failed %d times", failed)
			if failed == 0 && (c.call == "write" || c.call == "fsync" || c.call == "renameat") {
				t.Error("no error was met")
			}
		})
	}
}

// adjust accounts for another path of fob.
func adjust(allowed whole, path, instead string) {
	for name, texts := range allowed {
		for _, text := range texts {
			allowed[name] = append(allowed[name], strings.ReplaceAll(text, instead, path))
		}
	}
}

func TestReadOnlyFile(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	if err := os.Chmod(w.credentials(), 0o400); err != nil {
		t.Fatal(err)
	}
	r := w.run("adopt", "--yes")
	if r.code == 0 || !strings.Contains(r.err, w.credentials()) || !strings.Contains(r.err, "chmod u+w") {
		t.Fatal(r)
	}
	w.original() // nothing at all was done
	w.works()
	if err := os.Chmod(w.credentials(), 0o600); err != nil {
		t.Fatal(err)
	}
	w.adoptAndBack()
}

// inMounts runs a shell script as root in a mount namespace of its own.
func (w *world) inMounts(script string) result {
	w.t.Helper()
	if os.Getuid() != 0 {
		skip.Because(w.t, skip.NotRoot)
	}
	skip.Need(w.t, "unshare", "mount")
	if out, err := exec.Command("unshare", "-m", "true").CombinedOutput(); err != nil {
		skip.Missing(w.t, "unshare -m: %s", out)
	}
	cmd := exec.Command("unshare", "-m", "sh", "-euc", script)
	cmd.Env = append(append([]string(nil), w.env...), "FOB_AGENT=off", "FOB="+filepath.Join(w.bin, "fob"))
	cmd.Dir = w.home
	return w.finish(cmd)
}

func TestReadOnlyMount(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	r := w.inMounts(`mount --bind "$HOME/.aws" "$HOME/.aws"; mount -o remount,bind,ro "$HOME/.aws"; exec "$FOB" adopt --yes`)
	if r.code == 0 || !strings.Contains(r.err, filepath.Join(w.home, ".aws")) || !strings.Contains(r.err, "read-only") {
		t.Fatal(r)
	}
	if left := w.leftovers(); left != "" {
		t.Fatal("left behind: ", left)
	}
	w.works()
	w.adoptAndBack()
}

// The disk is full under ~/.aws, then under fob's own files.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"aws": "$HOME/.aws", "fob": "$FOB_HOME"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := lived(t, "")
			w.agentStop()
			// The files are moved to a small disk, and back at the end.
			r := w.inMounts(strings.ReplaceAll(`
				cp -a "DIR" "$HOME/copy"
				mkdir "$HOME/after"; mount -t tmpfs -o size=96k,mode=700 none "DIR"
				cp -a "$HOME/copy/." "DIR/"
				dd if=/dev/zero of="DIR/ballast" bs=1k 2>/dev/null || true
				code=0; "$FOB" adopt --yes || code=$?
				rm "DIR/ballast"
				rm -r "$HOME/copy"; cp -a "DIR/." "$HOME/after/"
				exit $code`, "DIR", dir) + "\n")
			_ = r
			after := filepath.Join(w.home, "after")
			if r.code == 0 || !strings.Contains(r.err, "no space left") || !strings.Contains(r.err, w.home) && !strings.Contains(r.err, w.fob) {
				t.Fatal(r)
			}
			for file := range strings.FieldsSeq(w.tree(after)) {
				if strings.HasPrefix(filepath.Base(file), ".") {
					t.Errorf("left behind: %s", file)
				}
			}
			if name == "aws" {
				if w.read(filepath.Join(after, "credentials")) != w.read(w.credentials()) || w.read(filepath.Join(after, "config")) != w.read(w.config()) {
					t.Fatal("the files have changed")
				}
			} else if w.read(filepath.Join(after, "vault.age")) != w.read(w.fobFile("vault.age")) {
				t.Fatal("the vault has changed")
			}
			if err := os.RemoveAll(after); err != nil {
				t.Fatal(err)
			}
			w.works()
			w.adoptAndBack()
		})
	}
}
