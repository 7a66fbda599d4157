package profile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/principal/all"
)

// corp is a home with a sign-in, three accounts of which two share a name, and
// what the user's own config file holds.
func corp(t testing.TB, config string, accounts ...fob.Account) (*Files, fob.Paths) {
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
	f := New(home, all.Kinds(), directory.NewStore(home))
	if accounts == nil {
		accounts = []fob.Account{
			{ID: "111111111111", Name: "payments", Email: "p@corp", Roles: []string{"Admin", "ReadOnly"}},
			{ID: "222222222222", Name: "shared", Email: "a@corp", Roles: []string{"ReadOnly"}},
			{ID: "333333333333", Name: "shared", Email: "b@corp", Roles: []string{"ReadOnly"}},
			{ID: "444444444444", Name: "Data Lake", Email: "d@corp", Roles: []string{"ReadOnly"}},
		}
	}
	err = f.directories.Save(&directory.Directory{Name: "corp", Origin: "https://corp.awsapps.com/start", Synced: time.Now(), Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	return f, paths
}

func TestAddressing(t *testing.T) {
	t.Parallel()
	f, paths := corp(t, "")
	for _, tt := range []struct {
		name, account, role, canonical string
		err                            error
		says                           string
	}{
		{"corp/payments/ReadOnly", "111111111111", "ReadOnly", "corp/payments/ReadOnly", nil, ""},
		{"corp/111111111111/ReadOnly", "111111111111", "ReadOnly", "corp/payments/ReadOnly", nil, ""},
		{"corp/pay/ReadOnly", "111111111111", "ReadOnly", "corp/payments/ReadOnly", nil, ""},
		{"corp/PAYMENTS/readonly", "111111111111", "ReadOnly", "corp/payments/ReadOnly", nil, ""},
		{"corp/Data Lake/ReadOnly", "444444444444", "ReadOnly", "corp/444444444444/ReadOnly", nil, ""},
		{"corp/data-lake/ReadOnly", "444444444444", "ReadOnly", "corp/444444444444/ReadOnly", nil, ""},
		{"corp/999999999999/Any", "999999999999", "Any", "corp/999999999999/Any", nil, ""},
		{"corp/shared/ReadOnly", "", "", "", fob.ErrUsage, "222222222222 (a@corp), 333333333333 (b@corp)"},
		{"corp/nosuch/ReadOnly", "", "", "", fob.ErrNotFound, `no account "nosuch"`},
		{"corp/payments/Root", "", "", "", fob.ErrNotFound, `no role "Root"`},
		{"other/payments/ReadOnly", "", "", "", fob.ErrNotFound, "no profile"},
		{"corp/payments", "", "", "", fob.ErrNotFound, "no profile"},
	} {
		p, err := f.Lookup(tt.name, paths)
		if !errors.Is(err, tt.err) || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if err == nil && (p.Get("sso_account_id") != tt.account || p.Get("sso_role_name") != tt.role || p.Name != tt.canonical || p.Get("sso_region") != "eu-west-1") {
			t.Errorf("%s: %+v", tt.name, p)
		}
	}
	if _, err := f.Lookup("corp/payments/Root", paths); !strings.Contains(fob.HintOf(err), "Admin, ReadOnly") {
		t.Error(fob.HintOf(err))
	}
}

// A profile of exactly that name comes first, and a sign-in is found by its own.
func TestNamesThatLookAlike(t *testing.T) {
	t.Parallel()
	f, paths := corp(t, "[profile corp/payments/ReadOnly]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n\n[profile legacy]\nsso_start_url = https://x/start\nsso_region = us-east-1\nsso_account_id = 111111111111\nsso_role_name = R\n")
	if p, err := f.Lookup("corp/payments/ReadOnly", paths); err != nil || p.Get("aws_access_key_id") == "" {
		t.Error(err)
	}
	if p, err := f.Lookup("corp", paths); err != nil || p.Get("sso_start_url") != "https://corp.awsapps.com/start" {
		t.Error(err)
	}
	if p, err := f.Lookup("sso-session https://x/start us-east-1", paths); err != nil || p.Get("sso_region") != "us-east-1" || p.Name != "https://x/start" {
		t.Error(err)
	}
	if _, err := f.Lookup("sso-session gone", paths); !errors.Is(err, fob.ErrNotFound) || !strings.Contains(fob.HintOf(err), "corp") {
		t.Error(err)
	}
}

// The lookup of a role costs the same however many there are.
func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{5, 5000} {
		accounts := make([]fob.Account, n)
		for i := range accounts {
			accounts[i] = fob.Account{ID: fmt.Sprintf("%012d", i+1), Name: fmt.Sprintf("account-%d", i), Roles: []string{"A", "B", "C", "ReadOnly"}}
		}
		f, paths := corp(b, "", accounts...)
		old := time.Now().Add(-time.Hour)
		for _, path := range []string{paths.Config, f.home.Config(), filepath.Join(f.home.DataDir, "accounts", "corp.json")} {
			if err := os.Chtimes(path, old, old); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(fmt.Sprint(4*n, " roles"), func(b *testing.B) {
			for b.Loop() {
				if _, err := f.Lookup("corp/account-3/ReadOnly", paths); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
