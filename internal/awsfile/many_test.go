package awsfile_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"fob/internal/awsfile"
)

// Many sections go as one after the other, the last first.
func TestManySectionsGoAtOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind := genKind(t)
		wild := rapid.Bool().Draw(t, "wild")
		text := genTidy(kind == awsfile.Credentials)
		if wild {
			text = genWild
		}
		f := awsfile.Parse(kind, []byte(text.Draw(t, "text")))
		one := awsfile.Parse(kind, f.Bytes())
		want := meaning(f)
		var names []string
		for _, s := range f.Sections() {
			if s.Type == "profile" && rapid.Bool().Draw(t, "goes") {
				names = append(names, s.Name)
				delete(want, [2]string{s.Type, s.Name})
			}
		}
		if err := f.RemoveSections("profile", names...); err != nil {
			t.Fatal(err)
		}
		consistent(t, kind, f)
		if d := cmp.Diff(want, meaning(f)); d != "" {
			t.Fatalf("without %q: %s", names, d)
		}
		for _, name := range slices.Backward(names) {
			if err := one.RemoveSection("profile", name); err != nil {
				t.Fatal(err)
			}
		}
		if !wild && string(one.Bytes()) != string(f.Bytes()) {
			t.Fatalf("%q at once, %q one by one", f.Bytes(), one.Bytes())
		}
	})
}

// Sections may take names from each other.
func TestManySectionsAreRenamedAtOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind := genKind(t)
		f := awsfile.Parse(kind, []byte(genTidy(kind == awsfile.Credentials).Draw(t, "text")))
		before := meaning(f)
		var old []string
		for _, s := range f.Sections() {
			if s.Name != "default" {
				old = append(old, s.Name)
			}
		}
		if len(old) == 0 {
			return
		}
		names, want := map[string]string{}, map[[2]string]awsfile.Section{}
		if s, ok := before[[2]string{"profile", "default"}]; ok {
			want[[2]string{"profile", "default"}] = s
		}
		for i, name := range rapid.Permutation(old).Draw(t, "new") {
			names[old[i]] = name
			s := before[[2]string{"profile", old[i]}]
			s.Name = name
			want[[2]string{"profile", name}] = s
		}
		if err := f.RenameSections("profile", names); err != nil {
			t.Fatal(err)
		}
		consistent(t, kind, f)
		if d := cmp.Diff(want, meaning(f)); d != "" {
			t.Fatalf("%v: %s", names, d)
		}
	})
}
