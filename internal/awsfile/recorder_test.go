package awsfile_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"fob/internal/awsfile"
)

// take is what fob adopt does to one section of either file.
func take(kind awsfile.Kind, s awsfile.Section) func(f *awsfile.File) error {
	return func(f *awsfile.File) error {
		if kind == awsfile.Credentials {
			return f.RemoveSection(s.Type, s.Name)
		}
		err := f.Set(s.Type, s.Name, "credential_process", "/bin/fob credentials "+s.Name)
		for _, k := range s.Order {
			if k != "region" {
				err = errors.Join(err, f.Unset(s.Type, s.Name, k))
			}
		}
		return err
	}
}

// A recorder sees little of a file, and records what Diff does, which sees all.
func TestRecorderRecordsWhatDiffDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind := genKind(t)
		text := genTidy(kind == awsfile.Credentials).Draw(t, "text")
		f := awsfile.Parse(kind, []byte(text))
		r := awsfile.NewRecorder(f, nil)
		var standing []awsfile.Hunk
		for _, s := range rapid.Permutation(f.Sections()).Draw(t, "order") {
			before := f.Bytes()
			got, changed, err := r.Record(nil, take(kind, s))
			if err != nil || changed != (string(before) != string(f.Bytes())) {
				t.Fatal(changed, err)
			}
			consistent(t, kind, f)
			want := awsfile.Diff(before, f.Bytes(), standing...)
			if d := cmp.Diff(words(want), words(got)); d != "" {
				t.Fatalf("%q\n%q\n%s", before, f.Bytes(), d)
			}
			standing = append(standing, got...)
		}
	})
}

// words are the parts of hunks that say what is to be done: the free lines around may
// differ, where sections that are away have left some.
func words(hunks []awsfile.Hunk) (out []string) {
	for _, h := range hunks {
		text := fmt.Sprintf("%s %q %q %q", h.Where, h.Section, string(h.Old), string(h.New))
		for _, n := range slices.Concat(h.Prev, h.Next) {
			text += " " + n.Section
		}
		out = append(out, text)
	}
	return out
}

// Whatever was recorded leads back, one by one in any order, and also with more
// sections away than a record names, and after an edit elsewhere.
func TestRecordsInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind := genKind(t)
		var text strings.Builder
		for i := range rapid.IntRange(1, 24).Draw(t, "n") {
			if i > 0 {
				text.WriteString(oneOf("\n", "\n", "\n\n", "").Draw(t, "gap"))
			}
			text.WriteString(oneOf("", "", fmt.Sprintf("# about %d\n", i)).Draw(t, "above"))
			header := fmt.Sprintf("p%d", i)
			if kind == awsfile.Config {
				header = "profile " + header
			}
			text.WriteString("[" + header + "]\n" + tidySection.Draw(t, "section"))
		}
		f := awsfile.Parse(kind, []byte(text.String()))
		sections := rapid.Permutation(f.Sections()).Draw(t, "adopted")
		sections = sections[:rapid.IntRange(1, len(sections)).Draw(t, "some")]
		var records [][]awsfile.Hunk
		var all []awsfile.Hunk
		r := awsfile.NewRecorder(f, nil)
		for _, s := range sections {
			if rapid.IntRange(0, 5).Draw(t, "another run") == 0 {
				r = awsfile.NewRecorder(f, all)
			}
			h, _, err := r.Record(nil, take(kind, s))
			if err != nil {
				t.Fatal(err)
			}
			h = stored(t, h)
			records, all = append(records, h), append(all, h...)
		}
		want := text.String()
		if rapid.Bool().Draw(t, "edited") {
			g := awsfile.Parse(kind, []byte(want))
			if err := errors.Join(f.Set("profile", "later", "region", "x"), g.Set("profile", "later", "region", "x")); err != nil {
				t.Fatal(err)
			}
			want = string(g.Bytes())
		}
		standing := awsfile.NewStanding(all)
		for _, h := range rapid.Permutation(records).Draw(t, "order") {
			if err := standing.Revert(f, h); err != nil {
				t.Fatalf("%v in %q, of %q", err, f.Bytes(), want)
			}
			consistent(t, kind, f)
		}
		if got, want := ownSections(f), ownSections(awsfile.Parse(kind, []byte(want))); !cmp.Equal(got, want) {
			t.Fatalf("%s\n%q\n%q", cmp.Diff(want, got), f.Bytes(), want)
		}
	})
}

// ownSections are those that were there before anything was recorded: a section that
// came while its neighbours were away can be on either side of them.
func ownSections(f *awsfile.File) []awsfile.Section {
	return slices.DeleteFunc(f.Sections(), func(s awsfile.Section) bool { return s.Name == "later" })
}

// What was edited since a checkpoint is taken back, whatever it was.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind, text := genKind(t), genWild.Draw(t, "text")
		f := awsfile.Parse(kind, []byte(text))
		change := func() {
			for range rapid.IntRange(1, 4).Draw(t, "n") {
				name := genName.Draw(t, "name")
				switch rapid.IntRange(0, 4).Draw(t, "what") {
				case 0:
					_ = f.RemoveSection("profile", name)
				case 1:
					_ = f.Rename("profile", name, "new")
				case 2:
					_ = f.Unset("profile", name, genKey.Draw(t, "key"))
				case 3:
					_ = f.Revert(awsfile.Diff([]byte(genWild.Draw(t, "other")), f.Bytes()))
				default:
					_ = f.Set("profile", name, genKey.Draw(t, "key"), "x")
				}
				consistent(t, kind, f)
			}
		}
		change()
		want := string(f.Bytes())
		back := f.Checkpoint()
		change()
		back()
		consistent(t, kind, f)
		if got := string(f.Bytes()); got != want {
			t.Fatalf("%q\n%q", got, want)
		}
	})
}
