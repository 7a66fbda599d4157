package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"fob/internal/principal"
	"fob/internal/principal/all"
)

// A new kind is one folder and one line, so no package outside a kind's folder may
// name it: by its name, the type of its section, its command, or its own keys.
func TestNobodyNamesAKind(t *testing.T) {
	t.Parallel()
	// AWS's nouns, which happen to be names of kinds as well.
	nouns := map[string][]string{
		"internal/cli/command/session.go": {"sso"},          // the folder of the AWS CLI's cache
		"internal/fob/credentials.go":     {"user", "role"}, // what AWS takes credentials for
		"internal/delivery/imds/imds.go":  {"role"},         // a member of the instance metadata
	}
	named := names(all.Kinds())
	for _, root := range []string{"../internal", "../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			name := filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))
			switch {
			case err != nil:
				return err
			case d.IsDir() && (name == "internal/fakeaws" || kindFolder(name)):
				return filepath.SkipDir
			case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				if kind := named(text); kind != "" && !contains(nouns[name], text) {
					t.Errorf("%s names the kind %s: %q", name, kind, text)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func contains(list []string, text string) bool {
	for _, one := range list {
		if one == text {
			return true
		}
	}
	return false
}

// kindFolder reports whether a folder is that of a kind.
func kindFolder(name string) bool {
	rest, ok := strings.CutPrefix(name, "internal/principal/")
	return ok && rest != "all" && rest != "kindtest"
}

// names finds the kind that a text names. A key that begins with the kind's name is its
// own, if no other kind takes it and it is none that all of AWS's tools know.
func names(kinds []principal.Kind) func(text string) string {
	words, takers := map[string]string{}, map[string]int{"role_arn": 2}
	for _, k := range kinds {
		for _, f := range k.Fields {
			takers[f.Key]++
		}
	}
	for _, k := range kinds {
		for _, word := range []string{k.Name, k.AddWord(), k.Section} {
			if word != "" {
				words[word] = k.Name
			}
		}
		for _, f := range k.Fields {
			if prefix, _, _ := strings.Cut(f.Key, "_"); takers[f.Key] == 1 && (prefix == k.Name || prefix == k.AddWord()) {
				words[f.Key] = k.Name
			}
		}
	}
	return func(text string) string {
		if kind := words[text]; kind != "" {
			return kind
		}
		if _, rest, ok := strings.Cut(text, "fob add "); ok {
			word, _, _ := strings.Cut(rest, " ")
			return words[word]
		}
		return ""
	}
}

func TestNamesOfKindsAreFound(t *testing.T) {
	t.Parallel()
	named := names(all.Kinds())
	for text, want := range map[string]string{
		"sso-session": "sso-session", "sso": "sso-session", "sso-role": "sso", "sso_account_id": "sso", "static": "static",
		"try fob add user NAME": "user", "fob add --help": "", "fob add KIND %s": "", "region": "", "role_arn": "", "role_policy": "", "users": "",
	} {
		if got := named(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Every kind passes the suite, and every way of delivery passes its own.
func TestEveryMemberPassesItsSuite(t *testing.T) {
	t.Parallel()
	for _, family := range []struct{ folder, suite string }{
		{"../internal/principal", "kindtest.Run("},
	} {
		entries, err := os.ReadDir(family.folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !e.IsDir() || !kindFolder("internal/principal/"+e.Name()) {
				continue
			}
			files, err := filepath.Glob(filepath.Join(family.folder, e.Name(), "*_test.go"))
			if err != nil {
				t.Fatal(err)
			}
			passes := false
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				passes = passes || strings.Contains(string(text), family.suite)
			}
			if !passes {
				t.Errorf("%s/%s does not run %s…)", family.folder, e.Name(), family.suite)
			}
		}
	}
}
