package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fob/internal/fob"
)

// wire is what the source says of the protocol.
type wire struct {
	methods [][3]string                // name, parameters, result
	structs map[string]*ast.StructType // by name, those of the vocabulary as fob.NAME
}

func readWire(t *testing.T) wire {
	t.Helper()
	w := wire{structs: map[string]*ast.StructType{}}
	for _, pkg := range []string{"fob", "api"} {
		files, err := filepath.Glob("../internal/" + pkg + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.TypeSpec:
					if s, is := n.Type.(*ast.StructType); is && pkg == "api" {
						w.structs[n.Name.Name] = s
					} else if is {
						w.structs["fob."+n.Name.Name] = s
					}
				case *ast.ValueSpec:
					if of, is := n.Type.(*ast.IndexListExpr); is && typeName(of.X) == "Method" {
						name, err := strconv.Unquote(n.Values[0].(*ast.BasicLit).Value)
						if err != nil {
							t.Fatal(err)
						}
						w.methods = append(w.methods, [3]string{name, typeName(of.Indices[0]), typeName(of.Indices[1])})
					}
				}
				return true
			})
		}
	}
	if len(w.methods) == 0 {
		t.Fatal("internal/api has no methods")
	}
	return w
}

// typeName is a type as internal/api names it, without a pointer.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return typeName(e.X) + "." + e.Sel.Name
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.ArrayType:
		return "list of " + typeName(e.Elt)
	}
	return ""
}

// members are the JSON members of a struct, and the types that they have.
func (w wire) members(name string) (members, types []string) {
	for _, f := range w.structs[name].Fields.List {
		of := strings.TrimPrefix(typeName(f.Type), "list of ")
		if strings.HasPrefix(name, "fob.") && w.structs["fob."+of] != nil {
			of = "fob." + of
		}
		if len(f.Names) == 0 { // embedded: its members are the struct's own
			m, t := w.members(of)
			members, types = append(members, m...), append(types, t...)
			continue
		}
		if f.Tag == nil {
			continue
		}
		tag, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			continue
		}
		if member, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ","); member != "" && member != "-" {
			members, types = append(members, member), append(types, of)
		}
	}
	return members, types
}

// docs/protocol.md names every method with its parameters and result, every type with
// its members, and every kind of error; and nothing that is not there any more.
func TestProtocolPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	w := readWire(t)
	var want []string
	pending := []string{"Message", "Error", "ErrorData", "Caller"}
	for _, m := range w.methods {
		want = append(want, "| `"+m[0]+"` | "+m[1]+" | "+m[2]+" |")
		pending = append(pending, strings.TrimPrefix(m[1], "list of "), strings.TrimPrefix(m[2], "list of "))
	}
	seen := map[string]bool{}
	for len(pending) > 0 {
		name := pending[0]
		pending = pending[1:]
		if w.structs[name] == nil || seen[name] {
			continue
		}
		seen[name] = true
		members, types := w.members(name)
		if len(members) == 0 {
			continue // Empty, and a secret that no member shows
		}
		want = append(want, "| "+name+" | `"+strings.Join(members, "`, `")+"` |")
		pending = append(pending, types...)
	}
	for _, o := range fob.Outcomes() {
		want = append(want, "| "+o.Wire+" | "+strconv.Itoa(o.Code)+" |")
	}
	var rows []string
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if heading := strings.TrimPrefix(cells[0], "| "); len(cells) > 1 && !slices.Contains([]string{"Method", "Type", "Kind"}, heading) {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	for _, one := range want {
		if !slices.ContainsFunc(rows, func(row string) bool { return strings.HasPrefix(row, one) }) {
			t.Errorf("docs/protocol.md lacks %s", one)
		}
	}
	for _, row := range rows {
		if !slices.ContainsFunc(want, func(one string) bool { return strings.HasPrefix(row, one) }) {
			t.Errorf("docs/protocol.md has %s, which is not so", row)
		}
	}
}
