package profile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"fob/internal/awsfile"
	"fob/internal/fob"
)

// A caller who names a file as the other kind gets what it says as that, and nobody else
// notices.
func TestOneFileAsBoth(t *testing.T) {
	t.Parallel()
	f, paths := corp(t, "[profile a]\nregion = eu-west-1\n[b]\nregion = eu-west-2\n")
	swapped := fob.Paths{Config: paths.Credentials, Credentials: paths.Config}
	for range 2 { // the second from the cache
		if p, err := f.Lookup("a", paths); err != nil || p.Get("region") != "eu-west-1" {
			t.Error(p, err)
		}
		if p, err := f.Lookup("b", swapped); err != nil || p.Get("region") != "eu-west-2" {
			t.Error(p, err)
		}
		for name, where := range map[string]fob.Paths{"b": paths, "a": swapped} {
			if p, err := f.Lookup(name, where); err == nil {
				t.Errorf("%q in %v: %v", name, where, p)
			}
		}
	}
}

// However many files callers name, few are remembered, and those of most callers are.
func TestFewFilesAreKept(t *testing.T) {
	t.Parallel()
	f, paths := corp(t, "[profile a]\nregion = eu-west-1\n")
	dir := t.TempDir()
	for i := range 60 {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, fmt.Appendf(nil, "[profile p%d]\nregion = eu-west-1\n", i), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Lookup(fmt.Sprint("p", i), fob.Paths{Config: path, Credentials: paths.Credentials}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Lookup("a", paths); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.cache) != maxParsed {
		t.Errorf("%d files are kept", len(f.cache))
	}
	for _, path := range []string{paths.Config, filepath.Join(dir, "59")} {
		if f.cache[source{awsfile.Config, path}] == nil {
			t.Errorf("%s is not kept", path)
		}
	}
}
