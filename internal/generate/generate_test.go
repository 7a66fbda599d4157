package generate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fob/internal/awsfile"
	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/principal/all"
	"fob/internal/profile"
)

// corp is a home with a sign-in, three accounts of which two share a name, and
// what the user's own config file holds.
func corp(t testing.TB, config string, accounts ...fob.Account) (Generator, fob.Paths) {
	dir := t.TempDir()
	home, err := fob.HomeFrom(func(string) string { return filepath.Join(dir, "fob") })
	if err != nil {
		t.Fatal(err)
	}
	if err := home.MakeDirs(); err != nil {
		t.Fatal(err)
	}
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	paths := fob.Paths{Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials")}
	write(home.Config(), "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\nsso_account_aliases = pay=111111111111\n")
	write(paths.Config, config)
	directories := directory.NewStore(home)
	g := Generator{home, profile.New(home, all.Kinds(), directories), directories}
	if accounts == nil {
		accounts = []fob.Account{
			{ID: "111111111111", Name: "payments", Email: "p@corp", Roles: []string{"Admin", "ReadOnly"}},
			{ID: "222222222222", Name: "shared", Email: "a@corp", Roles: []string{"ReadOnly"}},
			{ID: "333333333333", Name: "shared", Email: "b@corp", Roles: []string{"ReadOnly"}},
			{ID: "444444444444", Name: "Data Lake", Email: "d@corp", Roles: []string{"ReadOnly"}},
		}
	}
	err = directories.Save(&directory.Directory{Name: "corp", Origin: "https://corp.awsapps.com/start", Synced: time.Now(), Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	return g, paths
}

func everything(string, fob.Account, string) bool { return true }

func TestGenerate(t *testing.T) {
	t.Parallel()
	g, paths := corp(t, "# mine\n[profile own]\nregion = us-east-1\n")
	s, err := g.Files.SignIn("corp", paths)
	if err != nil {
		t.Fatal(err)
	}
	w := Options{Session: s, Name: "{{.AccountName}}/{{.AccountId}}/{{.RoleName}}", Region: "eu-west-1", Wanted: everything}
	apply := func(w Options) string {
		t.Helper()
		m, err := g.Prepare(t.Context(), w, paths, "/opt/fob")
		if err != nil {
			t.Fatal(err)
		}
		if m.Changes() {
			if err := m.Apply(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(paths.Config)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	text := apply(w)
	if !strings.HasPrefix(text, "# mine\n[profile own]\nregion = us-east-1\n") || strings.Count(text, "fob_generated") != 5 ||
		!strings.Contains(text, "[profile Data-Lake/444444444444/ReadOnly]\ncredential_process = /opt/fob credentials corp/444444444444/ReadOnly\n") {
		t.Error(text)
	}
	if again := apply(w); again != text {
		t.Error("a second run changed the file")
	}
	// A person adds a key and changes the region; both stay.
	text = strings.Replace(text, "[profile payments/111111111111/Admin]\n", "[profile payments/111111111111/Admin]\noutput = json\n", 1)
	if err := os.WriteFile(paths.Config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Region = "us-west-2"
	if again := apply(w); again != text {
		t.Error("keys of the person's were touched")
	}
	// Pruned: what is not wanted goes; the person's key stays, with its section.
	w.Prune = true
	w.Wanted = func(_ string, a fob.Account, _ string) bool { return a.ID == "444444444444" }
	text = apply(w)
	if strings.Count(text, "fob_generated") != 1 || !strings.Contains(text, "[profile payments/111111111111/Admin]\noutput = json") || !strings.Contains(text, "[profile own]") {
		t.Error(text)
	}
}

func TestGenerateRefusesCollisions(t *testing.T) {
	t.Parallel()
	g, paths := corp(t, "[profile payments-Admin]\nregion = us-east-1\n")
	s, err := g.Files.SignIn("corp", paths)
	if err != nil {
		t.Fatal(err)
	}
	for name, says := range map[string]string{
		"{{.AccountName}}-{{.RoleName}}": "of your own already",
		"{{.RoleName}}":                  "would both be",
		"{{.Nonsense}}":                  "--name",
		"{{":                             "not a template",
	} {
		if _, err := g.Prepare(t.Context(), Options{Session: s, Name: name, Wanted: everything}, paths, "/opt/fob"); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a person has added goes along when an account gets another name, and back;
// accounts may take names from each other.
func TestGenerateFollowsRenames(t *testing.T) {
	t.Parallel()
	account := func(id, name string) fob.Account { return fob.Account{ID: id, Name: name, Roles: []string{"Admin"}} }
	one, two := account("111111111111", "one"), account("222222222222", "two")
	g, paths := corp(t, "", one, two)
	w := Options{Name: DefaultName, Region: "eu-west-1", Prune: true, Wanted: everything}
	run := func(accounts ...fob.Account) string {
		t.Helper()
		err := g.Directories.Save(&directory.Directory{Name: "corp", Origin: "https://corp.awsapps.com/start", Synced: time.Now(), Accounts: accounts})
		if err != nil {
			t.Fatal(err)
		}
		if w.Session, err = g.Files.SignIn("corp", paths); err != nil {
			t.Fatal(err)
		}
		m, err := g.Prepare(t.Context(), w, paths, "/opt/fob")
		if err != nil {
			t.Fatal(err)
		}
		if m.Changes() {
			if err := m.Apply(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(paths.Config)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	edit := func(text, old, new string) string {
		t.Helper()
		if !strings.Contains(text, old) {
			t.Fatalf("no %q in %s", old, text)
		}
		text = strings.Replace(text, old, new, 1)
		if err := os.WriteFile(paths.Config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return text
	}
	first := edit(run(one, two), "[profile one-Admin]\n", "[profile one-Admin]\noutput = json\n")
	if text := run(account(one.ID, "uno"), two); text != strings.Replace(first, "one-Admin", "uno-Admin", 1) {
		t.Error(text)
	}
	if text := run(one, two); text != first {
		t.Error(text)
	}
	swapped := run(account(one.ID, "two"), account(two.ID, "one"))
	if want := strings.NewReplacer("one-Admin", "two-Admin", "two-Admin", "one-Admin").Replace(first); swapped != want {
		t.Error(swapped)
	}
	if text := run(one, two); text != first {
		t.Error(text)
	}
	// The account of that name is another one now, and the old one is gone.
	if text := run(account(one.ID, "two")); strings.Contains(text, two.ID) || !strings.Contains(text, "[profile two-Admin]\noutput = json\n") || strings.Count(text, "[") != 1 {
		t.Error(text)
	}
	// A region is the person's, unless fob wrote that very one.
	edit(run(one, two), "region = eu-west-1", "region = us-west-2")
	text := run()
	if !strings.Contains(text, "us-west-2") || strings.Contains(text, "eu-west-1") || strings.Contains(text, "fob") {
		t.Error(text)
	}
}

// Whatever people add and organisations rename, generating sections and pruning
// them touches nothing of the person's, and doing it twice is doing it once.
func TestGenerateKeepsWhatPeopleAdd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		mine := "[profile mine]\nregion = us-east-1\n"
		g, paths := corp(t, mine, fob.Account{ID: "000000000000", Name: "none"})
		added := map[string]string{} // id → output
		for range rapid.IntRange(1, 4).Draw(r, "runs") {
			var accounts []fob.Account
			names := rapid.Permutation([]string{"a", "b", "c", "d"}).Draw(r, "names")
			present := map[string]bool{}
			for i, id := range []string{"111111111111", "222222222222", "333333333333"} {
				if present[id] = rapid.IntRange(0, 3).Draw(r, "gone") > 0; present[id] || added[id] != "" {
					accounts = append(accounts, fob.Account{ID: id, Name: names[i], Roles: []string{"Admin"}})
					present[id] = true
				}
			}
			if err := g.Directories.Save(&directory.Directory{Name: "corp", Origin: "https://corp.awsapps.com/start", Synced: time.Now(), Accounts: accounts}); err != nil {
				r.Fatal(err)
			}
			s, err := g.Files.SignIn("corp", paths)
			if err != nil {
				r.Fatal(err)
			}
			for again := range 2 {
				m, err := g.Prepare(t.Context(), Options{Session: s, Name: DefaultName, Region: "eu-west-1", Prune: true, Wanted: everything}, paths, "/opt/fob")
				if err != nil {
					r.Fatal(err)
				}
				if again > 0 && m.Changes() {
					r.Fatalf("the second run changes %s", m.Diff)
				}
				if m.Changes() && m.Apply(t.Context()) != nil {
					r.Fatal("not applied")
				}
			}
			file, err := awsfile.Read(awsfile.Config, paths.Config)
			if err != nil {
				r.Fatal(err)
			}
			if !strings.HasPrefix(string(file.Bytes()), mine) {
				r.Fatalf("%s", file.Bytes())
			}
			if got := len(file.Sections()); got != len(accounts)+1 {
				r.Fatalf("%d sections for %d accounts:\n%s", got, len(accounts), file.Bytes())
			}
			for _, a := range accounts {
				section, ok := file.Section("profile", a.Name+"-Admin")
				if !ok || section.Keys["output"] != added[a.ID] || section.Keys["credential_process"] != "/opt/fob credentials corp/"+a.ID+"/Admin" {
					r.Fatalf("%s: %v, of\n%s", a.ID, section, file.Bytes())
				}
				if added[a.ID] == "" && rapid.Bool().Draw(r, "adds") {
					added[a.ID] = "json"
					if err := file.Set("profile", section.Name, "output", "json"); err != nil {
						r.Fatal(err)
					}
				}
			}
			if err := os.WriteFile(paths.Config, file.Bytes(), 0o600); err != nil {
				r.Fatal(err)
			}
		}
	})
}

// Twenty thousand sections come and go, and nobody has to wait for
// that who does not want to.
func TestGenerateManySections(t *testing.T) {
	t.Parallel()
	accounts := make([]fob.Account, 5000)
	for i := range accounts {
		accounts[i] = fob.Account{ID: fmt.Sprintf("%012d", i+1), Name: fmt.Sprintf("account-%d", i), Roles: []string{"A", "B", "C", "ReadOnly"}}
	}
	g, paths := corp(t, "# mine\n", accounts...)
	s, err := g.Files.SignIn("corp", paths)
	if err != nil {
		t.Fatal(err)
	}
	w := Options{Session: s, Name: DefaultName, Region: "eu-west-1", Prune: true, Wanted: everything}
	steps := []func(string, fob.Account, string) bool{
		everything,
		func(_ string, _ fob.Account, role string) bool { return role == "A" },
		func(string, fob.Account, string) bool { return false },
	}
	for i, left := range []int{20000, 5000, 0} {
		w.Wanted = steps[i]
		began := time.Now()
		m, err := g.Prepare(t.Context(), w, paths, "/opt/fob")
		if err == nil {
			err = m.Apply(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Log(left, time.Since(began)) // when it was quadratic it never ended
		text, err := os.ReadFile(paths.Config)
		if err != nil || strings.Count(string(text), profile.GeneratedKey) != left {
			t.Fatal(err, strings.Count(string(text), profile.GeneratedKey))
		}
	}
	w.Wanted = everything
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Prepare(ctx, w, paths, "/opt/fob"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A section may be named as the role that it means.
func TestGenerateReferencesAsNames(t *testing.T) {
	t.Parallel()
	g, paths := corp(t, "")
	s, err := g.Files.SignIn("corp", paths)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"{{.SessionName}}/{{.AccountId}}/{{.RoleName}}", "{{.AccountName}}-{{.AccountId}}-{{.RoleName}}"} {
		m, err := g.Prepare(t.Context(), Options{Session: s, Name: name, Region: "eu-north-1", Prune: true, Wanted: everything}, paths, "/opt/fob")
		if err == nil {
			err = m.Apply(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"corp/444444444444/ReadOnly", "corp/Data Lake/ReadOnly", "corp/payments/Admin", "corp/111111111111/Admin"} {
			p, err := g.Files.Lookup(name, paths)
			if err != nil || p.Get("sso_region") != "eu-west-1" || p.Get("credential_process") != "" {
				t.Errorf("%s: %v %v", name, p, err)
			}
		}
	}
	all, err := g.Files.List(paths)
	if err != nil || len(all) != 5 {
		t.Fatal(err, all)
	}
	for _, p := range all {
		if p.Get("sso_role_name") == "" || p.Get("region") != "eu-north-1" || p.Path != paths.Config || !strings.Contains(p.Name, p.Get("sso_account_id")) {
			t.Errorf("%+v", p)
		}
	}
	_, err = g.Prepare(t.Context(), Options{Session: s, Name: "{{.SessionName}}/payments/{{.RoleName}}", Wanted: func(_ string, a fob.Account, _ string) bool { return a.ID == "444444444444" }}, paths, "/opt/fob")
	if err == nil || !strings.Contains(err.Error(), "hide corp/111111111111/ReadOnly") {
		t.Error(err)
	}
}
