package vault

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"fob/internal/fob"
	"fob/test/skip"
)

func genItems(t *rapid.T) map[string]fob.Secret {
	items := map[string]fob.Secret{}
	for name, value := range rapid.MapOf(rapid.StringN(1, 20, -1), rapid.String()).Draw(t, "items") {
		items[name] = fob.NewSecret(value)
	}
	return items
}

func TestParseIsTheInverseOfFormat(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := document{vault: rapid.StringN(1, 9, -1).Draw(t, "vault"), generation: rapid.Uint64Min(1).Draw(t, "generation"), items: genItems(t)}
		if doc.check() != nil {
			skip.Because(t, skip.Discarded)
		}
		text, err := doc.format()
		if err != nil {
			t.Fatal(err)
		}
		back, err := parse(text)
		if err != nil || !back.equal(doc) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

func TestSealIsTheInverseOfOpen(t *testing.T) {
	t.Parallel()
	k := testKey(t)
	rapid.Check(t, func(t *rapid.T) {
		doc := document{vault: "v", generation: 1, items: genItems(t)}
		if doc.check() != nil {
			skip.Because(t, skip.Discarded)
		}
		for range rapid.IntRange(0, 3).Draw(t, "chunks") { // age's chunks have 64 KiB
			doc.items[strings.Repeat("n", len(doc.items)+30)] = fob.NewSecret(strings.Repeat("x", rapid.IntRange(60_000, 70_000).Draw(t, "size")))
		}
		sealed, err := k.seal(doc) // opens it again to check
		if err != nil {
			t.Fatal(err)
		}
		if labelIn(sealed) != k.label() {
			t.Fatal("the label cannot be read off the file")
		}
	})
}

func TestWhatIsNoDocument(t *testing.T) {
	t.Parallel()
	const good = `{"schema":1,"vault":"v","generation":1,"items":{"a":"b"}}`
	if _, err := parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"", "null", "[]", "{}", `"x"`, good[:len(good)-1], good + "x", good + good, "\xff",
		`{"schema":1}`, `{"schema":0,"vault":"v","generation":1,"items":{}}`, `{"schema":-1}`, `{"schema":"1"}`,
		`{"schema":1,"vault":"","generation":1,"items":{}}`, `{"schema":1,"vault":"v","generation":0,"items":{}}`,
		`{"schema":1,"vault":"v","generation":-1,"items":{}}`, `{"schema":1,"vault":"v","generation":1,"items":null}`,
		`{"schema":1,"vault":"v","generation":1,"items":{"a":1}}`, `{"schema":1,"vault":"v","generation":1,"items":{},"more":1}`,
		strings.Replace(good, "b", "\xff", 1),
	} {
		if doc, err := parse([]byte(text)); !errors.Is(err, errContent) || doc.items != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := parse([]byte(`{"schema":2,"vault":{"other":[]},"things":1}`)); !errors.Is(err, errNewer) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"schema":1,"vault":"v","generation":1,"items":{"a":"FOBSECRETMARKER"}}`))
	f.Add([]byte(`{"schema":2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := parse(text)
		if err != nil {
			if doc.items != nil || !errors.Is(err, errContent) && !errors.Is(err, errNewer) {
				t.Fatal(err)
			}
			return
		}
		if err := doc.check(); err != nil && doc.items[""].IsZero() {
			if _, ok := doc.items[""]; !ok {
				t.Fatal(err)
			}
		}
		out, err := doc.format()
		if err != nil || !utf8.Valid(out) {
			t.Fatal(err)
		}
		back, err := parse(out)
		if err != nil || !back.equal(doc) {
			t.Fatalf("%q became %q: %v", text, out, err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	k := testKey(f)
	sealed, err := k.seal(document{vault: "v", generation: 1, items: map[string]fob.Secret{"a": fob.NewSecret("FOBSECRETMARKER")}})
	if err != nil {
		f.Fatal(err)
	}
	// Each fuzzing process has a key of its own, so the input describes a change to the encrypted
	// bytes and is not the bytes themselves.
	f.Add(0, 0, []byte{1})
	f.Add(30, 40, []byte("-> scrypt AAAAAAAAAAAAAAAAAAAAAA 22\n"))
	f.Add(0, 1000, []byte("age-encryption.org/v1\n-> X25519 a\n"))
	f.Fuzz(func(t *testing.T, from, drop int, put []byte) {
		from = max(0, min(from, len(sealed)))
		to := max(from, min(from+drop, len(sealed)))
		data := slices.Concat(sealed[:from], put, sealed[to:])
		doc, err := k.open(data)
		if err == nil && !bytes.Equal(data, sealed) {
			t.Fatalf("opened what was never sealed: %d items", len(doc.items))
		}
		_ = labelIn(data)
	})
}

func FuzzMeta(f *testing.F) {
	f.Add([]byte(`{"schema":1,"method":"file","vault":"v","recipient":"age1","options":{"identity_file":"/x"},"pending":true}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if m, err := parseMeta(text); err == nil && (m.Method == "" || m.Recipient == "" || m.Schema != schema) {
			t.Fatal(m)
		}
	})
}
