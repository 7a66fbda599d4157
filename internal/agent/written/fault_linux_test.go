package written

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"fob/internal/delivery/write"
	"fob/internal/fob"
	"fob/test/skip"
)

// TestMain also runs as the helper (with WRITTEN_HELPER set): it writes a file and refreshes it,
// and is killed or gets errors at any system call.
func TestMain(m *testing.M) {
	if os.Getenv("WRITTEN_HELPER") == "" {
		os.Exit(m.Run())
	}
	os.Exit(writtenHelper(os.Args[1], filepath.Join(os.Args[2], "creds")))
}

// The helper's exit status: what could not be written, or that a file's content is wrong.
const (
	helperNoFirst  = 20
	helperNoSecond = 21
	helperWrong    = 22
)

func writtenHelper(state, path string) int {
	w := openRegister(state)
	put := func(text string) error {
		d := write.File{Path: path, Section: "default", Text: fob.NewSecret(text), Expiration: time.Now().Add(time.Hour)}
		one, _ := w.Writer()
		one.Profile, one.Renews = "prod", w.files[path]
		_, err := one.Write(d)
		return err
	}
	for i, text := range []string{firstText, secondText} {
		err := put(text)
		have, readErr := os.ReadFile(path)
		if os.IsPermission(readErr) { // the fault met this very look
			have, readErr = os.ReadFile(path)
		}
		switch {
		case err == nil && (readErr != nil || string(have) != text):
			return helperWrong
		case err == nil:
			continue
		case i == 0 && !os.IsNotExist(readErr):
			return helperWrong
		case i == 1 && string(have) != firstText && string(have) != secondText:
			return helperWrong
		}
		return helperNoFirst + i
	}
	return 0
}

// If an agent is killed, or its system calls fail, the next agent deletes what it left: neither
// credentials nor temporary files remain.
func TestWrittenUnderFaults(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("strace", "-qq", "-o", "/dev/null", "true").CombinedOutput(); err != nil {
		skip.Missing(t, "strace: %v\n%s", err, out)
	}
	for _, c := range []struct {
		call, fault string
		most        int // calls; those of the runtime's start among them
	}{
		{"renameat", "signal=KILL", 6}, {"fsync", "signal=KILL", 12}, {"write", "signal=KILL", 8},
		{"renameat", "error=EIO", 6}, {"fsync", "error=EIO", 12}, {"write", "error=ENOSPC", 8}, {"openat", "error=EACCES", 50},
	} {
		t.Run(c.call+" "+c.fault, func(t *testing.T) {
			t.Parallel()
			met, left := 0, 0
			for n := 1; n <= c.most; n++ {
				state, dir := t.TempDir(), t.TempDir()
				cmd := exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace="+c.call,
					"-e", fmt.Sprintf("inject=%s:%s:when=%d", c.call, c.fault, n), os.Args[0], state, dir)
				cmd.Env = append(os.Environ(), "WRITTEN_HELPER=1", "GOMAXPROCS=1", "GOGC=off")
				_ = cmd.Run()
				status := cmd.ProcessState.ExitCode()
				if status == helperWrong {
					t.Fatalf("call %d: what is there is not what was answered", n)
				}
				if status != 0 {
					met++
				}
				if _, err := os.Stat(filepath.Join(dir, "creds")); err == nil {
					left++
				}
				openRegister(state)
				for _, where := range []string{state, dir} {
					if names, err := os.ReadDir(where); err != nil || len(names) > 0 {
						t.Fatalf("call %d, status %d: %v stay, %v", n, status, names, err)
					}
				}
			}
			if met == 0 || left == 0 {
				t.Fatalf("met %d times, %d files left: is the helper hit at all?", met, left)
			}
			t.Logf("met %d times, %d files left", met, left)
		})
	}
}
