package agent

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fob/internal/fob"
)

func TestNamedFiles(t *testing.T) {
	t.Parallel()
	dir, n := t.TempDir(), &namedFiles{}
	write := func(name string, size int64) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte("token"), 0o600), os.Truncate(path, size)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	path := write("token", 5)
	for range 2 { // it is read anew each time
		if got, err := n.read(path); err != nil || string(got) != "token" {
			t.Errorf("%q, %v", got, err)
		}
	}
	if got, err := n.read(write("largest", maxNamed)); err != nil || len(got) != maxNamed {
		t.Error(len(got), err)
	}
	for path, kind := range map[string]error{
		"token":                        fob.ErrUsage,
		dir:                            fob.ErrUsage,
		filepath.Join(dir, "none"):     fob.ErrNotFound,
		write("too large", maxNamed+1): fob.ErrUsage,
	} {
		if got, err := n.read(path); !errors.Is(err, kind) || !strings.Contains(err.Error(), path) || len(got) > 0 {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
	}
}
