//go:build unix

package child

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"fob/internal/fob"
)

// What the child ends with is what fob ends with, as in a shell.
func TestExitStatus(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]error{"exit 0": nil, "exit 3": ExitStatus(3), "kill -TERM $$": ExitStatus(128 + 15), `test "$A" = b`: nil} {
		c, err := Start([]string{"sh", "-c", script}, []string{"PATH=/usr/bin:/bin", "A=b"})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); err != want {
			t.Errorf("%s: %v", script, err)
		}
	}
}

// A program is looked up in the PATH that it will have; the exit code says whether it was
// not found or cannot be executed.
func TestProgramThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"plain": 0o600, "program": 0o700} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("not a program"), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=/nowhere", "PATH=/none:" + dir} // the last one counts
	for name, want := range map[string]ExitStatus{
		"missing": 127, "folder": 127, "sh": 127, "/no/such": 127, "plain": 126, "program": 126, filepath.Join(dir, "plain"): 126, dir: 126,
	} {
		for how, run := range map[string]func(argv, env []string) error{
			"Run":   Run, // returns, because it fails
			"Start": func(argv, env []string) error { _, err := Start(argv, env); return err },
		} {
			var status ExitStatus
			if err := run([]string{name}, env); !errors.Is(err, fob.ErrUsage) || !errors.As(err, &status) || status != want {
				t.Errorf("%s %s: %v", how, name, err)
			}
		}
	}
}
