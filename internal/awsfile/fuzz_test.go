package awsfile_test

import (
	"testing"

	"fob/internal/awsfile"
	"fob/internal/fob"
)

func FuzzParse(f *testing.F) {
	f.Add([]byte("[profile a]\nk = v ; c\ns3 =\n  k = v\n\tmore\n"), false)
	f.Fuzz(func(t *testing.T, data []byte, credentials bool) {
		kind := awsfile.Config
		if credentials {
			kind = awsfile.Credentials
		}
		file := awsfile.Parse(kind, data)
		file.Sections()
		file.Warnings()
		awsfile.Unified("x", data, nil, fob.IsSecretKey)
		if got := string(file.Bytes()); got != string(data) {
			t.Fatalf("%q became %q", data, got)
		}
	})
}

// FuzzSet checks that a value is read back, that no other section appears or
// goes, and that the record of the edit takes it back.
func FuzzSet(f *testing.F) {
	f.Add([]byte("[profile a]\nk = v\n"), "profile", "a", "k", "v")
	f.Fuzz(func(t *testing.T, data []byte, typ, name, key, value string) {
		file := awsfile.Parse(awsfile.Config, data)
		sections := len(file.Sections())
		if _, ok := file.Section(typ, name); !ok {
			sections++
		}
		if file.Set(typ, name, key, value) != nil {
			if string(file.Bytes()) != string(data) {
				t.Fatalf("refused, but %q became %q", data, file.Bytes())
			}
			return
		}
		again := awsfile.Parse(awsfile.Config, file.Bytes())
		s, ok := again.Section(typ, name)
		if !ok || len(again.Sections()) != sections {
			t.Fatalf("%d sections, want %d: %q", len(again.Sections()), sections, file.Bytes())
		}
		found := false
		for _, v := range s.Keys {
			found = found || v == value
		}
		if !found {
			t.Fatalf("%q is not read back: %q", value, file.Bytes())
		}
		if err := again.Revert(awsfile.Diff(data, file.Bytes())); err != nil || string(again.Bytes()) != string(data) {
			t.Fatalf("%v: %q became %q", err, data, again.Bytes())
		}
	})
}
