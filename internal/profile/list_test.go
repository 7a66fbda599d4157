package profile

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/principal/all"
)

// A list is kept while the files are the same, and no longer.
func TestListIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	home := fob.Home{ConfigDir: filepath.Join(dir, "fob"), StateDir: dir}
	f := New(home, all.Kinds(), directory.NewStore(home))
	paths := fob.Paths{Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials")}
	age := time.Hour
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(paths.Config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		age -= time.Minute
		then := time.Now().Add(-age) // as a file is that nobody edits just now
		if err := os.Chtimes(paths.Config, then, then); err != nil {
			t.Fatal(err)
		}
	}
	names := func() (list []string, first *fob.Profile) {
		t.Helper()
		profiles, err := f.List(paths)
		if err != nil || len(profiles) == 0 {
			t.Fatal(profiles, err)
		}
		for _, p := range profiles {
			list = append(list, p.Name)
		}
		return list, &profiles[0]
	}
	const role = "role_arn = arn:aws:iam::111122223333:role/r\nsource_profile = b\n"
	write("[profile a]\n" + role)
	_, one := names()
	if _, again := names(); again != one {
		t.Error("the list is made anew")
	}
	write("[profile a]\n" + role + "[profile c]\n" + role)
	if list, _ := names(); len(list) != 2 {
		t.Errorf("a change is not seen: %v", list)
	}
	// What a section asks fob for may be in another file.
	write("[profile a]\ncredential_process = /opt/fob credentials corp/x/Y\n")
	_, one = names()
	if _, again := names(); again == one {
		t.Error("the list is kept, though it depends on more than the files")
	}
}
