//go:build unix

package browser

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"fob/internal/environ"
)

// Start reports a program that fails at once, and gives it its environment. In a bubble
// of synctest its time limit does not pass while a program runs, however slowly.
func TestStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "said")
	synctest.Test(t, func(t *testing.T) {
		if err := Start(environ.Environ{"A=b", "FILE=" + file}, []string{"/bin/sh", "-c", `echo "$A" > "$FILE"`}); err != nil {
			t.Error(err)
		}
		for want, argv := range map[string][]string{
			"sh has failed (exit status 3)":  {"/bin/sh", "-c", "exit 3"},
			"nothing-here cannot be started": {"/no/such/nothing-here"},
		} {
			if err := Start(nil, argv); err == nil || err.Error() != want {
				t.Errorf("%q: %v", argv, err)
			}
		}
	})
	if text, err := os.ReadFile(file); string(text) != "b\n" {
		t.Errorf("%q, %v", text, err)
	}
}
