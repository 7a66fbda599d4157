package draft_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fob/internal/draft"
	"fob/internal/fob"
)

const secret = "wJalrXUtnFEMIxK7MDENGxbPxRfiCYEXAMPLEKEY"

func drafts(t *testing.T) (*draft.Files, fob.Home) {
	t.Helper()
	dir := t.TempDir()
	home, err := fob.HomeFrom(func(string) string { return filepath.Join(dir, "fob") })
	if err == nil {
		err = home.MakeDirs()
	}
	paths := fob.Paths{Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials")}
	if err == nil {
		err = os.WriteFile(paths.Credentials, []byte("[a]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = "+secret+"\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	d, err := draft.Read(home, paths)
	if err != nil {
		t.Fatal(err)
	}
	return d, home
}

// What the user is shown has every change of every file, and no secret; only Write
// changes a file.
func TestDiffThenWrite(t *testing.T) {
	t.Parallel()
	d, home := drafts(t)
	if d.Diff() != "" {
		t.Error("a difference without a change:", d.Diff())
	}
	err := errors.Join(d.Credentials.RemoveSection("profile", "a"), d.Config.Set("profile", "a", "region", "eu-west-1"))
	if err != nil {
		t.Fatal(err)
	}
	diff := d.Diff()
	if strings.Contains(diff, secret) || !strings.Contains(diff, "-aws_access_key_id = AKIAIOSFODNN7EXAMPLE") || !strings.Contains(diff, "+region = eu-west-1") {
		t.Error("the user is shown", diff)
	}
	if _, err := os.Stat(d.Config.Path); !errors.Is(err, os.ErrNotExist) {
		t.Error("written before Write:", err)
	}
	for _, one := range d.All() {
		if err := errors.Join(one.Check(t.Context(), home.Locks()), one.Write(t.Context(), home.Locks())); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{d.Config.Path: "[profile a]\nregion = eu-west-1\n", d.Credentials.Path: ""} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
}

// A file that another program has changed since it was read is left as that program
// wrote it, whether the draft changes it or not.
func TestChangedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, edited := range []bool{true, false} {
		d, home := drafts(t)
		if edited {
			if err := d.Credentials.RemoveSection("profile", "a"); err != nil {
				t.Fatal(err)
			}
		}
		const theirs = "[b]\nregion = x\n"
		if err := os.WriteFile(d.Credentials.Path, []byte(theirs), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := d.Credentials.Check(t.Context(), home.Locks()); !errors.Is(err, draft.ErrChanged) || !errors.Is(err, fob.ErrConflict) {
			t.Error(edited, "Check:", err)
		}
		if err := d.Credentials.Write(t.Context(), home.Locks()); !errors.Is(err, draft.ErrChanged) {
			t.Error(edited, "Write:", err)
		}
		if got, err := os.ReadFile(d.Credentials.Path); err != nil || string(got) != theirs {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// Edits that were made permanent stay when an earlier checkpoint is undone.
func TestCommit(t *testing.T) {
	t.Parallel()
	d, _ := drafts(t)
	set := func(key string) {
		t.Helper()
		if err := d.Config.Set("profile", "a", key, "x"); err != nil {
			t.Fatal(err)
		}
	}
	set("region")
	d.Commit()
	undo := d.Config.Checkpoint()
	set("output")
	undo()
	if s, _ := d.Config.Section("profile", "a"); s.Keys["region"] != "x" || s.Keys["output"] != "" {
		t.Error(s.Keys)
	}
}
