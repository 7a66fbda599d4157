package vault

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"fob/internal/fob"
	"fob/test/skip"
)

// sealText encrypts a text as plain age would, without fob's line in the header.
func sealText(t testing.TB, k *key, text string) []byte {
	t.Helper()
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, k.recipient)
	ok(t, err)
	_, err = w.Write([]byte(text))
	ok(t, err)
	ok(t, w.Close())
	return sealed.Bytes()
}

// Plain age decrypts a vault, so it can be read without fob.
func TestStockAgeOpensAVault(t *testing.T) {
	t.Parallel()
	skip.Need(t, "age")
	f, identity := newVault(t, "a", "b")
	id := filepath.Join(t.TempDir(), "identity")
	setBytes(t, id, []byte(identity.Reveal()+"\n"))
	out, err := exec.CommandContext(t.Context(), "age", "-d", "-i", id, f.path).Output()
	ok(t, err)
	var w wire
	ok(t, json.Unmarshal(out, &w))
	if w.Schema != 1 || w.Generation != 3 || w.Vault == "" || w.Items["a"] != value("a").Reveal() || len(w.Items) != 2 {
		t.Error(w.Schema, w.Generation, w.Vault, len(w.Items))
	}
}

// fob opens a file that plain age encrypted to an identity of age-keygen.
func TestStockAgeMakesAVault(t *testing.T) {
	t.Parallel()
	skip.Need(t, "age", "age-keygen")
	dir := t.TempDir()
	id, path := filepath.Join(dir, "id"), filepath.Join(dir, "vault.age")
	ok(t, exec.CommandContext(t.Context(), "age-keygen", "-o", id).Run())
	public, err := exec.CommandContext(t.Context(), "age-keygen", "-y", id).Output()
	ok(t, err)
	cmd := exec.CommandContext(t.Context(), "age", "-r", strings.TrimSpace(string(public)), "-o", path)
	cmd.Stdin = strings.NewReader(`{"schema":1,"vault":"v","generation":7,"items":{"a":"` + value("a").Reveal() + `"}}`)
	ok(t, cmd.Run())
	f, err := openFile(path, dir, fob.NewSecret(string(bytesOf(t, id))))
	ok(t, err)
	has(t, f, "a")
	ok(t, put(f, "b"))
	has(t, f, "a", "b")
}

func BenchmarkOpen(b *testing.B) {
	f, identity := newVault(b, "a", "b")
	for b.Loop() {
		if _, err := reopen(b, f, identity); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	f, _ := newVault(b, "a", "b")
	for b.Loop() {
		if _, err := f.Get("a"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	k := testKey(b)
	doc := document{vault: "v", generation: 1, items: map[string]fob.Secret{}}
	for n := range 100 {
		doc.items[strings.Repeat("n", n+1)] = value(strings.Repeat("x", 1000))
	}
	for b.Loop() {
		if _, err := k.seal(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	f, _ := newVault(b, "a", "b")
	n := 0
	for b.Loop() {
		n++
		if err := put(f, strings.Repeat("n", 1+n%50)); err != nil {
			b.Fatal(err)
		}
		_ = f.Update(b.Context(), func(items map[string]fob.Secret) error { clear(items); return nil })
	}
}
