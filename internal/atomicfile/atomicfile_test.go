package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return strings.Join(list, " ")
}

func TestReplace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, text := range []string{"first", "", strings.Repeat("long", 100_000)} {
		if err := Replace(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(path); err != nil || string(got) != text {
			t.Fatalf("%d bytes, %v; want %d", len(got), err, len(text))
		}
		if info, err := os.Stat(path); err != nil || !Private(info) {
			t.Errorf("others may read it: %v", err)
		}
		if got := names(t, dir); got != "file" {
			t.Errorf("left beside it: %s", got)
		}
	}
}

// Whoever reads while others write finds one content as a whole.
func TestReadersSeeWholeFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	contents := map[string]bool{}
	for i := range 4 {
		contents[strings.Repeat(fmt.Sprint(i), 10_000*(i+1))] = true
	}
	write(t, path, strings.Repeat("0", 10_000))
	var writers sync.WaitGroup
	for text := range contents {
		writers.Go(func() {
			for range 25 {
				// Another writer's content may be there by the last look.
				if err := Replace(path, []byte(text)); err != nil && !strings.Contains(err.Error(), "reads back") {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		if got, err := Read(path); err != nil || !contents[string(got)] {
			t.Errorf("%d bytes of no whole content, %v", len(got), err)
			<-done
			return
		}
	}
}

// After a failure the old content is there, and nothing beside it.
func TestReplaceFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := Replace(filepath.Join(dir, "none", "file"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	folder := filepath.Join(dir, "folder")
	write(t, filepath.Join(mkdir(t, folder), "inside"), "kept")
	if err := Replace(folder, []byte("x")); err == nil {
		t.Error("a folder was replaced")
	}
	if got := names(t, dir) + " " + names(t, folder); got != "folder inside" {
		t.Errorf("left: %s", got)
	}
}

func mkdir(t *testing.T, path string) string {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLimit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size, fits := range map[int64]bool{Limit: true, Limit + 1: false} { // sparse
		if err := f.Truncate(size); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(path); (err == nil) != fits || fits && int64(len(got)) != size {
			t.Errorf("%d bytes: %d read, %v", size, len(got), err)
		}
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := Same(path, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	write(t, path, "text")
	if err := Same(path, []byte("text")); err != nil {
		t.Error(err)
	}
	for _, other := range []string{"", "tex", "texts", "TEXT"} {
		if Same(path, []byte(other)) == nil {
			t.Errorf("%q is taken for text", other)
		}
	}
}

// A link is followed and stays; the file at its end is replaced.
func TestLinks(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // links take a privilege there
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	real := filepath.Join(mkdir(t, filepath.Join(dir, "real")), "file")
	write(t, real, "old")
	link := func(to, at string) string {
		at = filepath.Join(dir, at)
		if err := os.Symlink(to, at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	file, folder, nothing := link(real, "file"), link(filepath.Dir(real), "folder"), link(filepath.Join(dir, "gone"), "nothing")
	for path, want := range map[string]string{file: real, filepath.Join(folder, "file"): real, real: real, filepath.Join(dir, "new"): filepath.Join(dir, "new")} {
		if got, err := Resolve(path); got != want || err != nil {
			t.Errorf("%s is %s, %v", path, got, err)
		}
	}
	if got, err := Resolve(nothing); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a link to nothing is %q, %v", got, err)
	}
	// Place follows the links of the folder of a file that is not there yet.
	for path, want := range map[string]string{filepath.Join(folder, "new"): filepath.Join(filepath.Dir(real), "new"), file: real} {
		if got, err := Place(path); got != want || err != nil {
			t.Errorf("%s will be %s, %v", path, got, err)
		}
	}
	if _, err := Place(filepath.Join(dir, "none", "file")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in no folder: %v", err)
	}
	at, err := Resolve(file)
	if err == nil {
		err = Replace(at, []byte("new"))
	}
	if got, _ := os.ReadFile(real); err != nil || !bytes.Equal(got, []byte("new")) {
		t.Errorf("the file at the link's end has %q, %v", got, err)
	}
	if info, err := os.Lstat(file); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
}

// What a killed writer of this file has left goes; other files' stay.
func TestClean(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"file", ".file.tmp-1", ".file.tmp-2", ".other.tmp-1", "file.tmp-1"} {
		write(t, filepath.Join(dir, name), "")
	}
	mkdir(t, filepath.Join(dir, ".file.tmp-folder"))
	Clean(filepath.Join(dir, "file"))
	if got, want := names(t, dir), ".file.tmp-folder .other.tmp-1 file file.tmp-1"; got != want {
		t.Errorf("left: %s\nwant: %s", got, want)
	}
	Clean(filepath.Join(dir, "none", "file")) // no folder, nothing to clean
}

func TestSetAside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if to, err := SetAside(path, "old"); to != "" || err != nil {
		t.Errorf("nothing was set aside to %q, %v", to, err)
	}
	for n, text := range []string{"one", "two"} {
		write(t, path, text)
		want := path + ".old-" + fmt.Sprint(n+1)
		if free, err := FreeName(path, "old"); free != want || err != nil {
			t.Errorf("free: %s, %v", free, err)
		}
		to, err := SetAside(path, "old")
		if got, _ := os.ReadFile(to); to != want || err != nil || string(got) != text {
			t.Errorf("%q is in %s, %v", got, to, err)
		}
	}
	if got := names(t, dir); got != "file.old-1 file.old-2" {
		t.Errorf("left: %s", got)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "")
	for range 2 { // gone already: no error
		if err := Remove(path); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}
