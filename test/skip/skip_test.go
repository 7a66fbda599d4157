package skip_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fob/test/skip"
)

// No test of the module, and no story, skips in another way than by this package.
func TestNothingElseSkips(t *testing.T) {
	t.Parallel()
	files := 0
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git"), d.Name() == "skip" && d.IsDir():
			return fs.SkipDir
		case strings.HasSuffix(path, ".go"):
			files++
			goSkips(t, path)
		case strings.HasSuffix(path, ".txtar"):
			files++
			storySkips(t, path)
		}
		return nil
	})
	if err != nil || files < 100 {
		t.Fatalf("%d files read, %v", files, err)
	}
}

func goSkips(t *testing.T, path string) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Error(err)
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && (sel.Sel.Name == "Skip" || sel.Sel.Name == "Skipf" || sel.Sel.Name == "SkipNow") {
			t.Errorf("%s: use the package test/skip", set.Position(sel.Sel.Pos()))
		}
		return true
	})
}

// In a story, "need" is the word, but for another operating system; a condition that
// asks for a program leaves lines out unseen.
func storySkips(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	script, _, _ := strings.Cut(string(text), "\n-- ")
	for n, line := range strings.Split(script, "\n") {
		line = regexp.MustCompile(`^\[!?(linux|darwin|windows)\] *skip `).ReplaceAllString(line, "")
		if regexp.MustCompile(`^(\[[^]]*\] *)*skip\b|^(\[[^]]*\] *)*\[!?exec:`).MatchString(line) {
			t.Errorf("%s:%d: use the command need", path, n+1)
		}
	}
}

// outcome is a test that notes how it ended.
type outcome struct{ skipped, failed string }

func (o *outcome) Skip(args ...any)  { o.skipped += fmt.Sprint(args...) }
func (o *outcome) Fatal(args ...any) { o.failed += fmt.Sprint(args...) }

// What is missing fails in CI alone; what cannot be mended is skipped there too.
func TestInCI(t *testing.T) {
	for _, tt := range []struct {
		ci   string
		do   func(t skip.T)
		want outcome
	}{
		{"", func(t skip.T) { skip.Need(t, "go", "no-such-program") }, outcome{skipped: "no-such-program is not installed"}},
		{"true", func(t skip.T) { skip.Need(t, "go") }, outcome{}},
		{"true", func(t skip.T) { skip.Because(t, skip.NotRoot) }, outcome{skipped: string(skip.NotRoot)}},
	} {
		t.Setenv("CI", tt.ci)
		got := outcome{}
		tt.do(&got)
		if got != tt.want {
			t.Errorf("CI=%s: %+v, want %+v", tt.ci, got, tt.want)
		}
	}
	t.Setenv("CI", "true")
	got := outcome{}
	skip.Missing(&got, "%s is not installed", "it")
	if got.failed != "it is not installed" {
		t.Errorf("in CI: %+v", got)
	}
}

// named is an outcome of a test that has a name.
type named struct{ outcome }

func (named) Name() string { return "TestX" }

// What is skipped is listed with its name and why; what fails, or is drawn anew, is not.
func TestList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "skipped")
	t.Setenv(skip.List, path)
	t.Setenv("CI", "")
	skip.Need(&named{}, "go", "no-such-program")
	skip.Because(&named{}, skip.NotRoot)
	skip.Because(&named{}, skip.Discarded)
	t.Setenv("CI", "true")
	skip.Need(&named{}, "no-such-program")
	const want = "TestX: no-such-program is not installed\nTestX: " + string(skip.NotRoot) + "\n"
	if text, err := os.ReadFile(path); err != nil || string(text) != want {
		t.Errorf("%q (%v), want %q", text, err, want)
	}
}
