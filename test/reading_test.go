package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// openers are the files that may open files by themselves, each with its reason. All
// others read with internal/atomicfile, which waits for nothing and reads no more than a
// limit: a FIFO or a dead network home in a file's place must not hang the agent.
func openers() map[string]string {
	return map[string]string{
		"atomicfile/read.go":            "the reader",
		"atomicfile/atomicfile_unix.go": "a directory, to sync it after a rename in it",
		"awsfile/store_unix.go":         "a directory, to sync it after a rename in it",
		"broker/lock.go":                "a lock file, for reading and writing, which waits for nobody",
		"agent/listen_windows.go":       "the agent's pipe",
		"api/sandbox_unix.go":           "a file that holds a lock, opened without waiting, and files of the kernel's",
		"api/dial_unix.go":              "a directory, for the short name of a socket in it",
		"api/dial_windows.go":           "the agent's pipe",
		"api/start.go":                  "the null device",
		"browser/browser.go":            "a file of the kernel's",
		"agent/peer_linux.go":           "a file of the kernel's",
		"loopback/peer_linux.go":        "files of the kernel's",
		"child/child_unix.go":           "the terminal",
		"terminal/tty_unix.go":          "the terminal",
		"terminal/tty_windows.go":       "the terminal",
		"environ/endpoint.go":           "in the front end, which Ctrl-C ends; what is not regular is left",
		"cli/command/narrow.go":         "in the front end; a policy may come from <(…)",
		"curlflags/request.go":          "in the front end; a body may come from <(…)",
		"delivery/curl/body.go":         "in the front end; a body may come from <(…)",
		"delivery/curl/output.go":       "writes to where the person says, which may be a FIFO",
		"delivery/waytest/waytest.go":   "of tests",
	}
}

func TestReadingRule(t *testing.T) {
	t.Parallel()
	met := map[string]bool{}
	err := filepath.WalkDir("../internal", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		calls, err := opens(path)
		if err != nil || len(calls) == 0 {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, filepath.FromSlash("../internal/")))
		for allowed := range openers() {
			if name == allowed || strings.HasSuffix(allowed, "/") && strings.HasPrefix(name, allowed) {
				met[allowed] = true
				return nil
			}
		}
		t.Errorf("%s calls %s: read with internal/atomicfile", path, strings.Join(calls, ", "))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for allowed := range openers() {
		if !met[allowed] {
			t.Errorf("%s opens nothing any more", allowed)
		}
	}
}

// opens are the calls by which a file opens files.
func opens(path string) (calls []string, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		return nil, err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if ok && slices.Contains([]string{"os", "syscall", "unix", "windows", "ioutil"}, pkg.Name) &&
			slices.Contains([]string{"Open", "OpenFile", "ReadFile", "DirFS", "OpenRoot", "OpenInRoot", "Openat", "CreateFile"}, sel.Sel.Name) {
			calls = append(calls, pkg.Name+"."+sel.Sel.Name)
		}
		return true
	})
	return calls, nil
}
