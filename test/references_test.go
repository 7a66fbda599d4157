package test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Comments and pages refer only to pages in this repository and to public documents.
func TestReferencesCanBeFollowed(t *testing.T) {
	t.Parallel()
	// Numbered issues of the project, notes and plans kept outside, and requirements by number.
	outside := regexp.MustCompile(`(?i:\bissue\s+[0-9]+\b)|(?i:\bprotocol notes\b)|\bprotocols(\.md)? §|\bDESIGN\b|\b[SR]R[0-9]+\b`)
	kinds := []string{".go", ".md", ".txtar", ".sh", ".yml", ".yaml", ".py", ".ts", ".js"}
	read := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "node_modules"}, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || entry.Name() == "references_test.go" || entry.Name() != "Makefile" && !slices.Contains(kinds, filepath.Ext(path)):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read++
		for i, line := range strings.Split(string(text), "\n") {
			if found := outside.FindString(line); found != "" {
				t.Errorf("%s:%d: %q points at a document outside the repository: state the fact, or name a page in docs/", path, i+1, found)
			}
		}
		return nil
	})
	if err != nil || read < 500 {
		t.Errorf("%d files were read: %v", read, err)
	}
	for text, refused := range map[string]bool{
		"see issue 3": true, "Issue 2, A14: keys": true, "protocol notes §9.3": true, "protocols.md §2": true, "DESIGN §6": true,
		"SR4, SR6: who": true, "RR12: whatever": true, "RFC 6749 §4.1.2.1": false, "a design of its own": false, "it issues 3 tokens": false,
		"aws-cli#10163": false, "docs/adr/0011": false, "ADR 11": false,
	} {
		if outside.MatchString(text) != refused {
			t.Errorf("%q: refused is not %v", text, refused)
		}
	}
}
