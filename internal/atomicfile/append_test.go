package atomicfile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"fob/internal/atomicfile"
)

func TestAppend(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	add := func(text string) {
		t.Helper()
		f, err := atomicfile.Append(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if info, err := f.Stat(); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Fatal(info.Mode(), err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(path, want string) {
		t.Helper()
		if text, err := os.ReadFile(path); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", path, text, err)
		}
	}
	add("one\n")
	add("two\n")
	holds(path, "one\ntwo\n")
	for range 2 { // the older one is replaced
		if err := os.Truncate(path, 16<<20+1); err != nil {
			t.Fatal(err)
		}
		add("three\n")
		holds(path, "three\n")
		if info, err := os.Stat(path + ".old"); err != nil || info.Size() != 16<<20+1 {
			t.Fatal(info, err)
		}
	}
	if f, err := atomicfile.Append(filepath.Join(path, "no", "directory")); err == nil {
		f.Close()
		t.Error("a log in no directory")
	}
}
