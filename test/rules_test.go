// Package test holds what is tested from outside: the rules of the house, the
// stories, the real clients and the search for leaked secrets.
package test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fob/docs/ref"
	"fob/internal/fob"
)

// rule says what packages under a folder may import of fob's own. A package that no
// rule names may not be there.
type rule struct {
	folder string
	may    []string // folders; "." is the folder itself
}

// rules are the arrows of docs/architecture.md, most specific folder first.
func rules() []rule {
	return []rule{
		{"internal/fob", nil},
		{"internal/atomicfile", []string{"internal/fob"}},
		{"internal/awsfile", []string{"internal/fob", "internal/atomicfile"}},
		{"internal/principal/all", []string{"internal/principal"}},
		{"internal/principal/kindtest", []string{"internal/fob", "internal/principal="}},
		{"internal/principal/", []string{"internal/fob", "internal/partition", "internal/principal="}}, // a kind
		{"internal/principal", []string{"internal/fob", "internal/partition"}},
		{"internal/partition", nil},
		{"internal/route", []string{"internal/fob", "internal/atomicfile"}},
		{"internal/quote", nil},
		{"internal/processline", []string{"internal/fob"}},
		{"internal/directory", []string{"internal/fob", "internal/atomicfile", "internal/partition"}},
		{"internal/profile", []string{"internal/fob", "internal/atomicfile", "internal/awsfile", "internal/principal=", "internal/processline", "internal/directory"}},
		{"internal/programs", []string{"internal/fob", "internal/atomicfile", "internal/principal=", "internal/processline"}},
		{"internal/draft", []string{"internal/fob", "internal/atomicfile", "internal/awsfile"}},
		{"internal/adopt", []string{"internal/atomicfile", "internal/chain", "internal/fob", "internal/awsfile", "internal/principal=", "internal/processline", "internal/profile", "internal/draft"}},
		{"internal/generate", []string{"internal/fob", "internal/awsfile", "internal/partition", "internal/processline", "internal/directory", "internal/profile", "internal/draft"}},
		{"internal/vault/unlock/unlocktest", []string{"internal/fob", "internal/vault/unlock="}},
		{"internal/vault/unlock/all", []string{"internal/vault/unlock"}},
		{"internal/vault/unlock/", []string{"internal/fob", "internal/vault/unlock=", "internal/atomicfile"}},
		{"internal/vault/unlock", []string{"internal/fob"}},
		{"internal/vault", []string{"internal/fob", "internal/atomicfile", "internal/vault"}},
		{"internal/chain", []string{"internal/fob", "internal/principal="}},
		{"internal/broker", []string{"internal/fob", "internal/audit", "internal/chain", "internal/partition", "internal/principal="}},
		{"internal/audit", []string{"internal/fob", "internal/atomicfile"}},
		{"internal/agent/written", []string{"internal/fob", "internal/api", "internal/atomicfile", "internal/delivery/write"}},
		{"internal/agent/prompt", []string{"internal/fob"}},
		{"internal/sigv4/remote", []string{"internal/fob", "internal/atomicfile", "internal/sigv4="}},
		{"internal/sigv4", []string{"internal/fob", "internal/partition"}},
		{"internal/loopback", []string{"internal/fob", "internal/atomicfile"}},
		{"internal/delivery/all", []string{"internal/delivery"}},
		{"internal/delivery/waytest", []string{"internal/fob", "internal/delivery", "internal/partition", "test/leak"}},
		{"internal/delivery/", []string{"internal/fob", "internal/atomicfile", "internal/awsfile", "internal/loopback", "internal/partition", "internal/processline", "internal/shell", "internal/sigv4", "internal/delivery="}},
		{"internal/delivery", []string{"internal/fob", "internal/partition"}},
		{"internal/api", []string{"internal/fob"}},
		{"internal/shell", []string{"internal/fob"}},
		{"internal/tui", []string{"internal/fob", "internal/api"}},
		{"internal/fakeaws/clock", nil},
		{"internal/fakeaws/random", nil},
		{"internal/fakeaws/region", nil},
		{"internal/fakeaws/wire", nil},
		{"internal/fakeaws/verify", []string{"internal/fob", "internal/fakeaws/wire"}}, // never internal/sigv4: it judges it
		{"internal/fakeaws/identity", []string{"internal/fob", "internal/fakeaws/clock", "internal/fakeaws/random", "internal/fakeaws/region", "internal/fakeaws/verify", "internal/fakeaws/wire"}},
		{"internal/fakeaws/center", []string{"internal/fakeaws/clock", "internal/fakeaws/random", "internal/fakeaws/wire"}},
		{"internal/fakeaws/service", []string{"internal/fakeaws/center", "internal/fakeaws/clock", "internal/fakeaws/identity", "internal/fakeaws/region", "internal/fakeaws/verify", "internal/fakeaws/wire"}},
		{"internal/fakeaws/stage", []string{"internal/fob", "internal/fakeaws"}},
		{"internal/fakeaws/cmd", []string{"internal/fakeaws="}},
		{"internal/fakeaws/", []string{"internal/fob", "internal/fakeaws/center", "internal/fakeaws/identity", "internal/fakeaws/random", "internal/fakeaws/region", "internal/fakeaws/service", "internal/fakeaws/verify", "internal/fakeaws/wire"}}, // a service
		{"internal/fakeaws", []string{"internal/fob", "internal/fakeaws"}},
		{"internal/terminal", []string{"internal/fob"}},
		{"internal/environ", []string{"internal/fob"}},
		{"internal/browser", []string{"internal/environ"}},
		{"internal/clipboard", []string{"internal/fob", "internal/environ", "internal/terminal"}},
		{"internal/curlflags", []string{"internal/fob"}},
		{"internal/child", []string{"internal/fob", "internal/terminal"}},
		{"internal/frontend", []string{"internal/fob", "internal/api", "internal/browser", "internal/child", "internal/environ", "internal/terminal"}},
		{"internal/hotpath", []string{"internal/fob", "internal/api", "internal/child", "internal/environ", "internal/frontend", "internal/terminal"}},
		{"internal/cli/command", []string{"internal/fob", "internal/api", "internal/frontend", "internal/terminal", "docs/ref"}},
		{"internal/cli/", []string{"internal/fob", "internal/api", "internal/browser", "internal/child", "internal/clipboard", "internal/curlflags", "internal/environ", "internal/frontend", "internal/hotpath", "internal/shell", "internal/terminal", "internal/tui", "internal/cli/command", "docs/ref"}}, // a family of commands
		{"internal/cli", []string{"internal/frontend", "internal/cli"}},
		// Handlers wire the rooms; they reach no front end.
		{"internal/agent", []string{"internal/route", "internal/adopt", "internal/agent", "internal/api", "internal/atomicfile", "internal/audit", "internal/awsfile", "internal/broker",
			"internal/chain", "internal/delivery", "internal/directory", "internal/draft", "internal/fob", "internal/generate", "internal/loopback", "internal/principal=",
			"internal/principal/all", "internal/profile", "internal/programs", "internal/vault"}},
		{"docs/ref", nil},
		{"test/bench/constant", []string{"internal/loopback"}},
		{"test/bench/", nil}, // yardsticks: programs without anything of fob's
		{"test/bench", []string{"internal/api", "internal/fakeaws", "internal/fob", "internal/sigv4"}},
		{"test/browser", []string{"internal/delivery", "internal/fakeaws", "internal/fob", "test/build", "test/signer", "test/skip"}},
		{"test/build", nil},
		{"test/clients/agent", []string{"internal/agent=", "internal/cli=", "internal/cli/command=", "internal/delivery/all", "internal/frontend", "test/fakeclock"}}, // cmd/fob-agent by another clock
		{"test/clients", []string{"internal/fakeaws", "test/build", "test/fakeclock", "test/leak", "test/skip"}},
		{"test/fakeclock", nil},
		{"test/demo", []string{"internal/fakeaws"}},
		{"test/leak", []string{"test/leak"}},
		{"test/signer", []string{"internal/delivery", "internal/fakeaws", "internal/fob", "test/leak"}},
		{"test/skip", nil},
		{"test/system", []string{"internal/api", "internal/cli", "internal/fakeaws", "internal/fob", "internal/frontend", "test/build", "test/leak", "test/skip"}},
		{"test/visit", nil},
		{"test", []string{"docs/ref", "internal/fakeaws", "internal/fob", "internal/principal", "test"}},
		{"cmd/fob", []string{"internal/frontend", "internal/hotpath"}},
		{"cmd/fob-agent", []string{"internal/agent", "internal/cli", "internal/delivery/all", "internal/frontend"}},
	}
}

// ruleFor finds the rule of a package, named without "fob/".
func ruleFor(pkg string) (rule, bool) {
	for _, r := range rules() {
		folder := strings.TrimSuffix(r.folder, "/")
		within := strings.HasPrefix(pkg, folder+"/")
		if pkg == folder && !strings.HasSuffix(r.folder, "/") || within {
			return r, true
		}
	}
	return rule{}, false
}

// allows reports whether a package may import another; both without "fob/".
func allows(pkg, imported string) bool {
	if imported == "internal/quote" { // for hints, which every package gives
		return true
	}
	r, ok := ruleFor(pkg)
	return ok && slices.ContainsFunc(r.may, func(m string) bool {
		if exact, only := strings.CutSuffix(m, "="); only {
			return imported == exact
		}
		return imported == m || strings.HasPrefix(imported, m+"/")
	})
}

// goList runs go list, in the module's root, for one system.
func goList(t *testing.T, goos string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	return out
}

func TestImportRules(t *testing.T) {
	t.Parallel()
	for _, goos := range []string{"linux", "darwin", "windows"} {
		dec := json.NewDecoder(strings.NewReader(string(goList(t, goos, "-json=ImportPath,Imports", "./..."))))
		for dec.More() {
			var p struct {
				ImportPath string
				Imports    []string
			}
			if err := dec.Decode(&p); err != nil {
				t.Fatal(err)
			}
			if _, ok := ruleFor(strings.TrimPrefix(p.ImportPath, "fob/")); !ok {
				t.Errorf("%s has no rule (test/rules_test.go)", p.ImportPath)
			}
			for _, imported := range p.Imports {
				if own, ok := strings.CutPrefix(imported, "fob/"); ok {
					if pkg := strings.TrimPrefix(p.ImportPath, "fob/"); !allows(pkg, own) {
						t.Errorf("%s: %s must not import %s (test/rules_test.go)", goos, pkg, own)
					}
				}
			}
		}
	}
}

func TestImportRulesRefuse(t *testing.T) {
	t.Parallel()
	for _, wrong := range [][2]string{
		{"internal/principal/role", "internal/principal/user"},
		{"internal/principal/role", "internal/vault"},
		{"internal/delivery/exec", "internal/principal"},
		{"internal/cli", "internal/broker"},
		{"internal/cli/vault", "internal/vault"},
		{"internal/cli/vault", "internal/cli/agent"},
		{"internal/hotpath", "internal/cli"},
		{"internal/fob", "internal/api"},
		{"internal/fakeaws/verify", "internal/sigv4"},
		{"internal/fakeaws/portal", "internal/fakeaws/oidc"},
		{"cmd/fob", "internal/agent"},
		{"internal/new", "internal/fob"},
		{"internal/agent", "internal/cli"},
		{"internal/fakeaws/sts", "internal/sigv4"},
		{"test/bench/hello", "internal/fob"},
	} {
		if allows(wrong[0], wrong[1]) {
			t.Errorf("%s may import %s", wrong[0], wrong[1])
		}
	}
}

// What fob must not link: each would be paid for at every spawn.
func TestFrontEndLinksLittle(t *testing.T) {
	t.Parallel()
	for _, goos := range []string{"linux", "darwin", "windows"} {
		for _, dep := range strings.Fields(string(goList(t, goos, "-deps", "./cmd/fob"))) {
			for _, heavy := range []string{"net/http", "crypto/tls", "github.com/aws/", "filippo.io/", "github.com/spf13/", "net", "regexp", "github.com/zalando/", "github.com/godbus/", "github.com/clipperhouse/"} {
				if heavy == "net" && goos == "windows" {
					continue // os/exec brings it there
				}
				if dep == strings.TrimSuffix(heavy, "/") || strings.HasPrefix(dep, heavy) {
					t.Errorf("%s: fob links %s", goos, dep)
				}
			}
		}
	}
}

// No init, no mutable package variables: a sentinel error and an embedded
// folder are the only variables that a package may have.
func TestNoGlobals(t *testing.T) {
	t.Parallel()
	for _, root := range []string{"../internal", "../cmd", "../docs"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			for _, decl := range file.Decls {
				checkDecl(t, path, decl)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func checkDecl(t *testing.T, path string, decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.Name == "init" {
			t.Errorf("%s has an init function", path)
		}
	case *ast.GenDecl:
		if d.Tok != token.VAR {
			return
		}
		for _, spec := range d.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				if n := name.Name; !strings.HasPrefix(strings.ToLower(n), "err") && n != "_" && n != "pages" && !(n == "version" && strings.Contains(path, "/cmd/")) {
					t.Errorf("%s has the package variable %s", path, n)
				}
			}
		}
	}
}

// Every page of the reference is whole, and the list of them is what docs/ref
// holds; that every command has one is checked when the tree is built.
func TestReferencePages(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../docs/ref/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal("no pages", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".md")
		page, err := ref.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(page.Use, strings.ReplaceAll(name, "-", " ")) && name != "fob" {
			t.Errorf("%s: the heading is %q", file, page.Use)
		}
		if page.Short == "" || page.Long == "" {
			t.Errorf("%s has no text", file)
		}
	}
}

func TestSortedLists(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "| `"); ok {
			name, _, _ := strings.Cut(rest, "`")
			named = append(named, name)
		}
	}
	if !slices.IsSorted(named) {
		t.Errorf("docs/dependencies.md is not sorted: %v", named)
	}
	out := goList(t, "linux", "-m", "-f", "{{if not (or .Indirect .Main)}}{{.Path}}{{end}}", "all")
	for _, direct := range strings.Fields(string(out)) {
		if !slices.Contains(named, direct) {
			t.Errorf("%s has no line in docs/dependencies.md", direct)
		}
	}
}

func TestExitCodesAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/exit-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range fob.Outcomes() {
		if row := fmt.Sprintf("| %d | %s | %s |", o.Code, o.Wire, o.Doc); !strings.Contains(string(text), row) {
			t.Errorf("docs/exit-codes.md lacks %s", row)
		}
	}
}
