package profile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fob/internal/directory"
	"fob/internal/fob"
	"fob/internal/principal/all"
)

// Damage in an AWS file refuses the profiles that it touches, with file and line, whatever
// asks for them; all others go on working.
func TestDamagedProfilesAreRefused(t *testing.T) {
	t.Parallel()
	const keys = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n"
	f, paths := corp(t, "[profile good]\nrole_arn = arn:aws:iam::111122223333:role/A\nsource_profile = bot\n"+
		"[profile above]\nrole_arn = arn:aws:iam::111122223333:role/A\nsource_profile = bot\n"+
		"[profile lost\nrole_arn = arn:aws:iam::111122223333:role/B\nsource_profile = bot\n"+
		"[profile through]\ninclude_profile = above\n[profile asks]\ncredential_process = /bin/fob credentials above\n"+
		"[services s]\nsts =\n  endpoint_url = http://127.0.0.1:1\n[services s]\n[profile served]\nservices = s\nregion = x\n"+
		"[sso-session twice]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n[sso-session twice]\n"+
		"[profile role]\nsso_session = twice\nsso_account_id = 111122223333\nsso_role_name = R\n")
	if err := os.WriteFile(paths.Credentials, []byte("[bot]\n"+keys+"[torn]\n"+keys+keys), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"good", "bot"} {
		if _, err := f.Lookup(name, paths); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, where := range map[string]string{"above": "config:7:", "lost": "config:7:", "through": "config:7:", "asks": "config:7:",
		"served": "config:17:", "twice": "config:24:", "role": "config:24:", "torn": "credentials:7:"} {
		_, err := f.Lookup(name, paths)
		if !errors.Is(err, fob.ErrUsage) || !strings.Contains(err.Error(), where) {
			t.Errorf("%s: %v, want one with %s", name, err, where)
		}
	}
	if damage, err := f.Damage(paths); err != nil || len(damage) != 4 {
		t.Error(damage, err)
	}
}

// fob's own file is refused as a whole when it is damaged, to read and to write.
func TestDamagedOwnFileIsRefused(t *testing.T) {
	t.Parallel()
	home := fob.Home{ConfigDir: t.TempDir(), StateDir: t.TempDir()}
	const text = "[profile a]\nregion = x\n[profile b\nrole_arn = r\n"
	if err := os.WriteFile(home.Config(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f := New(home, all.Kinds(), directory.NewStore(home))
	_, lookup := f.Lookup("a", fob.Paths{Config: filepath.Join(home.StateDir, "config"), Credentials: filepath.Join(home.StateDir, "credentials")})
	_, has := f.Has("profile", "a")
	for what, err := range map[string]error{
		"lookup": lookup, "has": has,
		"put":    f.Put(t.Context(), "profile", fob.Profile{Name: "c", Keys: map[string]string{"region": "x"}}),
		"delete": f.Delete(t.Context(), "profile", "a"),
	} {
		if !errors.Is(err, fob.ErrDamaged) || !strings.Contains(err.Error(), home.Config()+":3: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if after, err := os.ReadFile(home.Config()); err != nil || string(after) != text {
		t.Errorf("%q, %v", after, err)
	}
}
