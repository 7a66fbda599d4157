package awsfile_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"fob/internal/awsfile"
	"fob/internal/fob"
	"fob/test/skip"
)

func genKind(t *rapid.T) awsfile.Kind {
	return rapid.SampledFrom([]awsfile.Kind{awsfile.Config, awsfile.Credentials}).Draw(t, "kind")
}

// meaning is what a file says, by section, line numbers left out.
func meaning(f *awsfile.File) map[[2]string]awsfile.Section {
	out := map[[2]string]awsfile.Section{}
	for _, s := range f.Sections() {
		s.Order = nil
		out[[2]string{s.Type, s.Name}] = s
	}
	return out
}

// consistent checks that an edited file is what would be parsed from its text.
func consistent(t *rapid.T, kind awsfile.Kind, f *awsfile.File) {
	t.Helper()
	if d := cmp.Diff(awsfile.Parse(kind, f.Bytes()).Sections(), f.Sections()); d != "" {
		t.Fatalf("not what is read back: %s\n%q", d, f.Bytes())
	}
	for _, s := range f.Sections() {
		if got, ok := f.Section(s.Type, s.Name); !ok || !cmp.Equal(got, s) {
			t.Fatalf("Section differs from Sections: %v %v", got, s)
		}
	}
}

func TestBytesAreKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(genWild, rapid.String()).Draw(t, "text")
		f := awsfile.Parse(genKind(t), []byte(text))
		f.Sections()
		f.Warnings()
		if got := string(f.Bytes()); got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

func TestSetChangesOneKey(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind, text := genKind(t), genWild.Draw(t, "text")
		f := awsfile.Parse(kind, []byte(text))
		before := meaning(f)
		typ := oneOf("profile", "profile", "sso-session", "services", "").Draw(t, "type")
		name, key, sub := genName.Draw(t, "name"), genKey.Draw(t, "key"), genSub.Draw(t, "sub")
		value := rapid.OneOf(genValue, rapid.String()).Draw(t, "value")
		var err error
		nested := rapid.Bool().Draw(t, "nested")
		if nested {
			err = f.SetNested(typ, name, key, sub, value)
		} else {
			err = f.Set(typ, name, key, value)
		}
		consistent(t, kind, f)
		if err != nil {
			if !errors.Is(err, fob.ErrUsage) && !errors.Is(err, fob.ErrConflict) || string(f.Bytes()) != text {
				t.Fatalf("%v, and the file is %q", err, f.Bytes())
			}
			return
		}
		id := [2]string{typ, name}
		s, ok := before[id]
		if !ok {
			s = awsfile.Section{Type: typ, Name: name, Keys: map[string]string{}, Nested: map[string]map[string]string{}}
		}
		if nested {
			delete(s.Keys, key)
			if s.Nested[key] == nil {
				s.Nested[key] = map[string]string{}
			}
			s.Nested[key][sub] = value
		} else {
			s.Keys[key] = value
		}
		before[id] = s
		if d := cmp.Diff(before, meaning(f)); d != "" {
			t.Fatalf("Set(%q %q %q %q): %s\n%q\n%q", typ, name, key, value, d, text, f.Bytes())
		}
	})
}

func TestSetThenUnsetIsIdentity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// A lone carriage return at the very end gets a line end of its own.
		kind, text := genKind(t), strings.TrimRight(genWild.Draw(t, "text"), "\r")
		f := awsfile.Parse(kind, []byte(text))
		sections := f.Sections()
		if len(sections) == 0 {
			skip.Because(t, skip.Discarded)
		}
		s := rapid.SampledFrom(sections).Draw(t, "section")
		if err := f.Set(s.Type, s.Name, "fob_key", genValue.Draw(t, "value")); err != nil {
			t.Fatal(err)
		}
		if err := f.Unset(s.Type, s.Name, "fob_key"); err != nil {
			t.Fatal(err)
		}
		consistent(t, kind, f)
		if got := string(f.Bytes()); got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

func TestSetAgainChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind, text := genKind(t), genWild.Draw(t, "text")
		f := awsfile.Parse(kind, []byte(text))
		for _, s := range f.Sections() {
			for k, v := range s.Keys {
				_ = f.Set(s.Type, s.Name, k, v) // what may not be written is refused
			}
			for k, block := range s.Nested {
				for sub, v := range block {
					_ = f.SetNested(s.Type, s.Name, k, sub, v)
				}
			}
		}
		if got := string(f.Bytes()); got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

func TestUnsetRemovesOneKey(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind, text := genKind(t), genWild.Draw(t, "text")
		f := awsfile.Parse(kind, []byte(text))
		before := meaning(f)
		id := [2]string{oneOf("profile", "sso-session").Draw(t, "type"), genName.Draw(t, "name")}
		key := genKey.Draw(t, "key")
		err := f.Unset(id[0], id[1], key)
		consistent(t, kind, f)
		if err != nil {
			if !errors.Is(err, fob.ErrConflict) || string(f.Bytes()) != text {
				t.Fatalf("%v, and the file is %q", err, f.Bytes())
			}
			return
		}
		delete(before[id].Keys, key)
		delete(before[id].Nested, key)
		if d := cmp.Diff(before, meaning(f)); d != "" {
			t.Fatalf("%s\n%q\n%q", d, text, f.Bytes())
		}
		if _, ok := before[id]; ok && strings.Contains(sectionText(f, id), key+"=") {
			t.Fatalf("still there: %q", f.Bytes())
		}
	})
}

// sectionText is one section by itself.
func sectionText(f *awsfile.File, id [2]string) string {
	s, _ := f.Section(id[0], id[1])
	return strings.Join(slices.Collect(maps.Keys(s.Keys)), "=") + "="
}

func TestSectionsComeAndGo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind, text := genKind(t), genWild.Draw(t, "text")
		f := awsfile.Parse(kind, []byte(text))
		if err := f.Set("profile", "new", "region", "x"); err != nil {
			t.Fatal(err)
		}
		consistent(t, kind, f)
		if err := f.RemoveSection("profile", "new"); err != nil {
			t.Fatal(err)
		}
		// The empty lines that a file ends with belong to the section below them.
		if got := string(f.Bytes()); strings.TrimRight(got, "\r\n\t\v ") != strings.TrimRight(text, "\r\n\t\v ") {
			t.Fatalf("%q became %q", text, got)
		}
		for _, s := range f.Sections() {
			before := meaning(f)
			if err := f.RemoveSection(s.Type, s.Name); err != nil {
				t.Fatal(err)
			}
			consistent(t, kind, f)
			delete(before, [2]string{s.Type, s.Name})
			if d := cmp.Diff(before, meaning(f)); d != "" {
				t.Fatalf("without %q: %s", s.Name, d)
			}
		}
	})
}

func TestRenameChangesANameOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind, text := genKind(t), genWild.Draw(t, "text")
		f := awsfile.Parse(kind, []byte(text))
		before := meaning(f)
		old, name := [2]string{"profile", genName.Draw(t, "old")}, [2]string{"profile", genName.Draw(t, "new")}
		if err := f.Rename("profile", old[1], name[1]); err != nil {
			if string(f.Bytes()) != text {
				t.Fatalf("%v, and %q", err, f.Bytes())
			}
			return
		}
		consistent(t, kind, f)
		s := before[old]
		s.Name = name[1]
		delete(before, old)
		before[name] = s
		if d := cmp.Diff(before, meaning(f)); d != "" {
			t.Fatalf("%s\n%q\n%q", d, text, f.Bytes())
		}
	})
}

// stored is what comes back of hunks from a file.
func stored(t interface{ Fatal(...any) }, hunks []awsfile.Hunk) []awsfile.Hunk {
	data, err := json.Marshal(hunks)
	if err != nil {
		t.Fatal(err)
	}
	var out []awsfile.Hunk
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRevertIsInverseOfAnyEdit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind, before := genKind(t), genWild.Draw(t, "before")
		after := rapid.OneOf(genWild, rapid.Just(before)).Draw(t, "after")
		if lines := strings.SplitAfter(after, "\n"); len(lines) > 2 && rapid.Bool().Draw(t, "cut") {
			lo := rapid.IntRange(0, len(lines)-1).Draw(t, "lo")
			hi := rapid.IntRange(lo, len(lines)).Draw(t, "hi")
			after = strings.Join(slices.Delete(lines, lo, hi), "")
		}
		f := awsfile.Parse(kind, []byte(after))
		err := f.Revert(stored(t, awsfile.Diff([]byte(before), []byte(after))))
		if err != nil {
			t.Fatalf("%v\n%q\n%q", err, before, after)
		}
		if got := string(f.Bytes()); got != before {
			t.Fatalf("%q became %q, of %q", after, got, before)
		}
	})
}

// adopt is what fob adopt does to a section: take it out, or take keys out of
// it and leave one.
func adopt(t *rapid.T, f *awsfile.File, s awsfile.Section, whole bool) {
	var errs []error
	if whole {
		errs = append(errs, f.RemoveSection(s.Type, s.Name))
	} else {
		errs = append(errs, f.Set(s.Type, s.Name, "credential_process", "/bin/fob credentials "+s.Name))
		for _, k := range s.Order {
			if k != "region" {
				errs = append(errs, f.Unset(s.Type, s.Name, k))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestRevertInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind := genKind(t)
		text := genTidy(kind == awsfile.Credentials).Draw(t, "text")
		f := awsfile.Parse(kind, []byte(text))
		var records [][]awsfile.Hunk
		var standing []awsfile.Hunk
		for _, s := range f.Sections() {
			if rapid.IntRange(0, 3).Draw(t, "adopt") == 0 {
				continue
			}
			before := f.Bytes()
			adopt(t, f, s, rapid.Bool().Draw(t, "whole"))
			h := stored(t, awsfile.Diff(before, f.Bytes(), standing...))
			records, standing = append(records, h), append(standing, h...)
		}
		others := rapid.Bool().Draw(t, "others")
		if others {
			if err := f.Set("profile", "later", "region", "x"); err != nil {
				t.Fatal(err)
			}
		}
		for _, h := range rapid.Permutation(records).Draw(t, "order") {
			if err := f.Revert(h); err != nil {
				t.Fatalf("%v in %q, of %q", err, f.Bytes(), text)
			}
		}
		if others {
			want := meaning(awsfile.Parse(kind, []byte(text)))
			want[[2]string{"profile", "later"}] = awsfile.Section{Type: "profile", Name: "later",
				Keys: map[string]string{"region": "x"}, Nested: map[string]map[string]string{}}
			if d := cmp.Diff(want, meaning(f)); d != "" {
				t.Fatalf("%s\n%q\n%q", d, text, f.Bytes())
			}
			return
		}
		if got := string(f.Bytes()); got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

// Whatever others have done in between: a revert brings back its own keys and
// keeps theirs, or it is refused and changes nothing.
func TestRevertAmongOtherEdits(t *testing.T) {
	t.Parallel()
	refused := 0
	rapid.Check(t, func(t *rapid.T) {
		kind := genKind(t)
		text := genTidy(kind == awsfile.Credentials).Draw(t, "text")
		f := awsfile.Parse(kind, []byte(text))
		sections := f.Sections()
		if len(sections) == 0 {
			skip.Because(t, skip.Discarded)
		}
		s := rapid.SampledFrom(sections).Draw(t, "section")
		adopt(t, f, s, rapid.Bool().Draw(t, "whole"))
		hunks := stored(t, awsfile.Diff([]byte(text), f.Bytes()))
		want := meaning(awsfile.Parse(kind, []byte(text)))
		for range rapid.IntRange(1, 4).Draw(t, "edits") {
			id := [2]string{"profile", oneOf("a", "b", "c", "new").Draw(t, "name")}
			if id[1] == s.Name {
				if _, ok := f.Section("profile", s.Name); !ok {
					continue
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "remove") == 0 && id[1] != s.Name {
				if err := f.RemoveSection("profile", id[1]); err != nil {
					t.Fatal(err)
				}
				delete(want, id)
				continue
			}
			key, value := oneOf("theirs", "duration_seconds").Draw(t, "key"), genValue.Draw(t, "value")
			if err := f.Set("profile", id[1], key, value); err != nil {
				t.Fatal(err)
			}
			if _, ok := want[id]; !ok {
				want[id] = awsfile.Section{Type: "profile", Name: id[1], Keys: map[string]string{}, Nested: map[string]map[string]string{}}
			}
			want[id].Keys[key] = value
		}
		edited := string(f.Bytes())
		if err := f.Revert(hunks); err != nil {
			refused++
			if !errors.Is(err, fob.ErrConflict) || string(f.Bytes()) != edited {
				t.Fatalf("%v, and %q", err, f.Bytes())
			}
			return
		}
		consistent(t, kind, f)
		if d := cmp.Diff(want, meaning(f)); d != "" {
			t.Fatalf("%s\n%q\n%q\n%q", d, text, edited, f.Bytes())
		}
	})
	t.Logf("%d refused", refused)
}

// Two sections go one by one, the second leaving a comment behind, and come back
// in that order after an edit elsewhere: the empty lines between them too, which
// while one is away could be either's.
func TestRevertNextToAnotherThatReturned(t *testing.T) {
	t.Parallel()
	const before = "[other]\nx = 1\n[bot]\na = b\n\n[reader]\nsource = bot\n\n# about 3\n[default]\nsource = reader\n# a note\nrole = y\n# end\n"
	const first = "[other]\nx = 1\n[bot]\na = b\n\n\n# about 3\n[default]\nsource = reader\n# a note\nrole = y\n# end\n"
	const second = "[other]\nx = 1\n[bot]\na = b\n# a note\n# end\n"
	reader := awsfile.Diff([]byte(before), []byte(first))
	def := awsfile.Diff([]byte(first), []byte(second), reader...)
	for _, order := range [][2][]awsfile.Hunk{{reader, def}, {def, reader}} {
		f := awsfile.Parse(awsfile.Credentials, []byte(strings.Replace(second, "x = 1\n", "x = 1\ny = 2\n", 1)))
		for _, hunks := range order {
			if err := f.Revert(hunks); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := string(f.Bytes()), strings.Replace(before, "x = 1\n", "x = 1\ny = 2\n", 1); got != want {
			t.Errorf("%q\n%q", got, want)
		}
	}
}
