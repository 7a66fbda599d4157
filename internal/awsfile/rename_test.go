package awsfile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"fob/internal/awsfile"
)

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
