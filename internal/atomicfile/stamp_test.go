package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"fob/internal/atomicfile"
)

// A stamp is current only while the file is certainly the one that was read.
func TestStamp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	old := time.Now().Add(-time.Hour)
	write := func(text string, at time.Time) os.FileInfo {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	none := atomicfile.NewStamp(nil)
	first := write("one", old)
	stamp := atomicfile.NewStamp(first)
	if !none.Current(nil) || none.Current(first) || stamp.Current(nil) {
		t.Error("a file that is not there is not told from one that is")
	}
	if !stamp.Current(write("one", old)) {
		t.Error("the file is the same")
	}
	if stamp.Current(write("three", old)) || stamp.Current(write("two", old.Add(time.Second))) {
		t.Error("another size or time is not noticed")
	}
	// A file that was changed just now can change again without another time.
	fresh := write("new", time.Now().Add(time.Hour))
	if atomicfile.NewStamp(fresh).Current(fresh) {
		t.Error("the time of a file that was just changed is trusted")
	}
	// Another file of the same size and time has another identity.
	kept := write("one", old)
	if err := os.Rename(path, path+".kept"); err != nil {
		t.Fatal(err)
	}
	if atomicfile.NewStamp(kept).Current(write("one", old)) {
		t.Error("another file is taken for the same")
	}
}
