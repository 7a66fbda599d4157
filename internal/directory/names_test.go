package directory

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fob/internal/fob"
)

// corp is a home with what is known of a sign-in: three accounts of which two share a
// name.
func corp(t testing.TB) (*Store, Source) {
	home, err := fob.HomeFrom(func(string) string { return t.TempDir() })
	if err == nil {
		err = home.MakeDirs()
	}
	if err != nil {
		t.Fatal(err)
	}
	store := NewStore(home)
	err = store.Save(&Directory{Name: "corp", Origin: "https://corp.awsapps.com/start", Synced: time.Now(), Accounts: []fob.Account{
		{ID: "111111111111", Name: "payments", Email: "p@corp", Roles: []string{"Admin", "ReadOnly"}},
		{ID: "222222222222", Name: "shared", Email: "a@corp", Roles: []string{"ReadOnly"}},
		{ID: "333333333333", Name: "shared", Email: "b@corp", Roles: []string{"ReadOnly"}},
		{ID: "444444444444", Name: "Data Lake", Email: "d@corp", Roles: []string{"ReadOnly"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return store, Source{"corp", "https://corp.awsapps.com/start", "pay=111111111111"}
}

// Whatever a sign-in is called, what is known of it is in its folder, in a file that
// every system takes; plain names can be read.
func TestFileNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"corp", "Corp_2.eu-west", "x"} {
		if got := fileName(name); got != name {
			t.Errorf("%s: %s", name, got)
		}
	}
	seen := map[string]string{}
	check := func(name string) string {
		got := fileName(name)
		switch other, have := seen[got]; {
		case have && other != name:
			return fmt.Sprintf("%q and %q are both %s", name, other, got)
		case got == "" || got[0] == '.' || strings.Trim(got, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~") != "" || filepath.Base(got) != got || len(got) > longestName:
			return fmt.Sprintf("%q is %q", name, got)
		}
		seen[got] = name
		return ""
	}
	for _, name := range []string{"", ".", "..", "../vault", "..\\vault", "a/b", "a-b", "a:b", "http://127.0.0.1:1/start", "NUL", "con.x", "com1", "\x00", "ä", "a b", strings.Repeat("x", 300)} {
		if wrong := check(name); wrong != "" {
			t.Error(wrong)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		if wrong := check(rapid.String().Draw(t, "name")); wrong != "" {
			t.Error(wrong)
		}
	})
}

// The files of a sign-in are those that its name says, whoever wrote the name.
func TestNamesStayInTheirFolder(t *testing.T) {
	t.Parallel()
	store, _ := corp(t)
	vault := filepath.Join(store.home.DataDir, "vault.json")
	if err := os.WriteFile(vault, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	of := Source{Name: "../vault", Origin: "https://x/start"}
	if err := store.Save(&Directory{Name: of.Name, Origin: "https://x/start", Accounts: []fob.Account{{ID: "111111111111", Name: "a"}}}); err != nil {
		t.Fatal(err)
	}
	search, err := store.Search(of)
	if err != nil {
		t.Fatal(err)
	}
	if err := search.Stop(nil); err != nil {
		t.Fatal(err)
	}
	if d, err := store.Read(of); err != nil || len(d.Accounts) != 1 {
		t.Error(d, err)
	}
	if entries, err := os.ReadDir(filepath.Join(store.home.DataDir, "accounts")); err != nil || len(entries) != 3 { // and corp's
		t.Error(entries, err)
	}
	if err := store.Delete(of.Name); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(filepath.Join(store.home.DataDir, "accounts")); err != nil || len(entries) != 1 {
		t.Error(entries, err)
	}
	if text, err := os.ReadFile(vault); err != nil || string(text) != "{}" {
		t.Error(text, err)
	}
}

// Every name under which a role is listed, or completed, leads to that very account.
func TestNamesLeadWhereTheySay(t *testing.T) {
	t.Parallel()
	name := rapid.SampledFrom([]string{"a", "A", "b", "a b", "a-b", "A B", "c/d", "", "ü", "111111111111", "222222222222", "999999999999"})
	id := rapid.SampledFrom([]string{"111111111111", "222222222222", "333333333333", "444444444444"})
	rapid.Check(t, func(t *rapid.T) {
		d := &Directory{Name: "corp", Former: map[string][]string{}}
		for _, id := range rapid.SliceOfNDistinct(id, 0, 4, rapid.ID).Draw(t, "ids") {
			d.Accounts = append(d.Accounts, fob.Account{ID: id, Name: name.Draw(t, "name"), Roles: []string{"R"}})
			d.Former[id] = rapid.SliceOfN(name, 0, 2).Draw(t, "former")
		}
		var aliases []string
		for range rapid.IntRange(0, 3).Draw(t, "aliases") {
			aliases = append(aliases, name.Draw(t, "alias")+"="+id.Draw(t, "of"))
		}
		d.index(strings.Join(aliases, ","))
		offered := map[string]bool{}
		for _, full := range d.Complete("corp/", 100) {
			offered[full] = true
		}
		for _, a := range d.Accounts {
			ref := d.Reference(a, "")
			if got, err := d.account(strings.TrimSuffix(strings.TrimPrefix(ref, "corp/"), "/")); err != nil || got.ID != a.ID {
				t.Fatalf("%s is listed for %s and leads to %v, %v", ref, a.ID, got, err)
			}
			if !offered[ref] {
				t.Fatalf("%s is not completed", ref)
			}
			// What leads to one account alone is completed from its first letter on.
			for _, word := range []string{a.Name, a.ID} {
				if got, err := d.account(word); err != nil || got.ID != a.ID {
					continue
				}
				fits := func(full string) bool { return strings.HasPrefix(full, "corp/"+word[:1]) }
				if words := d.Complete("corp/"+word[:1], 100); len(words) == 0 || !fits(words[0]) {
					t.Fatalf("%q gives %v", word[:1], words)
				}
				if words := d.Complete("corp/"+word+"/", 100); len(words) == 0 || words[len(words)-1] != "corp/"+word+"/R" {
					t.Fatalf("%q gives %v", word, words)
				}
			}
		}
	})
}

func TestAliasesAndFormerNames(t *testing.T) {
	t.Parallel()
	a := func(id, name string) fob.Account { return fob.Account{ID: id, Name: name, Email: name + "@corp"} }
	one, two, three := "111111111111", "222222222222", "333333333333"
	store, of := corp(t)
	save := func(accounts ...fob.Account) {
		t.Helper()
		if err := store.Save(&Directory{Name: "corp", Origin: "https://corp.awsapps.com/start", Synced: time.Now(), Accounts: accounts}); err != nil {
			t.Fatal(err)
		}
	}
	lookup := func(name string) (fob.Account, error) {
		t.Helper()
		d, err := store.Read(of)
		if err != nil {
			t.Fatal(err)
		}
		account, _, err := d.Lookup(name)
		return account, err
	}
	save(a(one, "first"), a(two, "pay"), a(three, "third")) // and the alias pay=one
	for _, tt := range []struct{ name, account, says string }{
		{"pay/R", "", "2 accounts of corp are named \"pay\": 222222222222 (pay@corp), 111111111111 (first@corp)"},
		{"first/R", one, ""},
	} {
		p, err := lookup(tt.name)
		if p.ID != tt.account || err != nil && err.Error() != tt.says {
			t.Errorf("%s: %v %v", tt.name, p, err)
		}
	}
	save(a(one, "uno"), a(two, "two"), a(three, "tres"))
	save(a(one, "eins"), a(two, "two"), a(three, "first"))
	for name, account := range map[string]string{
		"first": three, // who has the name now comes first
		"uno":   one, "eins": one, "third": three, "tres": three, "pay": one,
	} {
		p, err := lookup(name + "/R")
		if err != nil || p.ID != account {
			t.Errorf("%s: %v %v", name, p.ID, err)
		}
	}
	save(a(one, "x"), a(two, "tres"), a(three, "y"))
	save(a(one, "x"), a(two, "z"), a(three, "y"))
	if _, err := lookup("tres/R"); !errors.Is(err, fob.ErrUsage) {
		t.Error("two accounts had the name once:", err)
	}
	if _, err := lookup("nosuch/R"); !errors.Is(err, fob.ErrNotFound) {
		t.Error(err)
	}
}

// Completion has 50 ms at 20,000 roles, of which the program's start takes most.
func BenchmarkComplete(b *testing.B) {
	accounts := make([]fob.Account, 5000)
	for i := range accounts {
		accounts[i] = fob.Account{ID: fmt.Sprintf("%012d", i+1), Name: fmt.Sprintf("Account %d", i), Roles: []string{"A", "B", "C", "ReadOnly"}}
	}
	d := &Directory{Name: "corp", Accounts: accounts}
	b.Run("index", func(b *testing.B) {
		for b.Loop() {
			d.index("")
		}
	})
	for _, text := range []string{"corp/", "corp/Account-49", "corp/Account-4999/R", "corp/nothing"} {
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				d.Complete(text, 2000)
			}
		})
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	store, of := corp(t)
	d, err := store.Read(of)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"corp/":              "[corp/payments/ corp/222222222222/ corp/333333333333/ corp/444444444444/]",
		"corp/pay":           "[corp/payments/]",
		"corp/payments/":     "[corp/payments/Admin corp/payments/ReadOnly]",
		"corp/payments/R":    "[corp/payments/ReadOnly]",
		"corp/payments/none": "[]",
	} {
		if got := fmt.Sprint(d.Complete(text, 100)); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
