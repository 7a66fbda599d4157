package loopback

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"fob/internal/fob"
)

// Folders of killed processes are removed; folders with other names stay.
func TestTokenDir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"999999999", "1", "notes"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if own := TokenDir(dir); own != filepath.Join(dir, strconv.Itoa(os.Getpid())) {
		t.Error(own)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 2 || entries[0].Name() != "1" {
		t.Error(entries)
	}
}

func TestTokenFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	removeDir, err := MakeDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "token")
	mine := NewToken()
	at, remove, err := mine.WriteFile(path)
	if err != nil || at != path {
		t.Fatal(at, err)
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != mine.Reveal() || len(text) != tokenSize {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	// The file now holds another server's token, so it is not removed.
	_, removeOther, err := NewToken().WriteFile(path)
	if err != nil {
		t.Fatal(err)
	}
	remove()
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	removeOther()
	remove()
	removeDir()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Error("the folder that was made is left")
	}
}

// A file that does not hold a token is not replaced.
func TestTokenFileOfAnother(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"notes": "precious", "long": string(make([]byte, 4096))} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := NewToken().WriteFile(path); !errors.Is(err, fob.ErrUsage) {
			t.Error(name, err)
		}
		if have, _ := os.ReadFile(path); string(have) != text {
			t.Error(name, "was changed")
		}
	}
	if _, _, err := NewToken().WriteFile(dir); err == nil {
		t.Error("a folder was replaced")
	}
}
