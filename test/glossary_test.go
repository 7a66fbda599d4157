package test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the glossary points at is there.
func TestGlossaryPointsAtTheCode(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/glossary.md")
	if err != nil {
		t.Fatal(err)
	}
	pointers := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			continue
		}
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[3], -1) {
			pointers++
			switch pkg, typ, qualified := strings.Cut(name[1], "."); {
			case strings.Contains(name[1], "/"):
				if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(name[1]))); err != nil {
					t.Errorf("%s: %v", strings.TrimSpace(cells[1]), err)
				}
			case pkg == "Env" || !qualified: // a field, or a kind
			case !declares(t, pkg, typ):
				t.Errorf("%s: there is no %s", strings.TrimSpace(cells[1]), name[1])
			}
		}
	}
	if pointers < 20 {
		t.Errorf("%d pointers were found", pointers)
	}
}

func declares(t *testing.T, pkg, typ string) bool {
	files, err := filepath.Glob(filepath.Join("../internal", pkg, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(`(?m)^type ` + typ + ` `).Match(text) {
			return true
		}
	}
	return false
}
