//go:build linux

package clipboard

import (
	"os"
	"path/filepath"
	"testing"

	"fob/internal/environ"
)

// The text goes to the first program that works, on its standard input: other users see
// arguments.
func TestCopy(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	for name, script := range map[string]string{"wl-copy": "exit 1", "xclip": `cat > "$FILE"; echo "$@" >> "$FILE"`, "xsel": `echo wrong > "$FILE"`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "file")
	env := environ.Environ{"PATH=/usr/bin:/bin", "FILE=" + file, "WAYLAND_DISPLAY=wayland-0", "DISPLAY=:0"}
	how, err := Copy(t.Context(), env, "https://h/secret\n")
	if err != nil || how != "xclip" {
		t.Fatal(how, err)
	}
	if text, err := os.ReadFile(file); string(text) != "https://h/secret\n-selection clipboard -in\n" {
		t.Errorf("%q, %v", text, err)
	}
}
