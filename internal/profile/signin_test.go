package profile

import (
	"errors"
	"testing"

	"fob/internal/fob"
)

const asis = `[sso-session late]
sso_start_url = https://late.awsapps.com/start
sso_region = eu-west-1

[profile late]
sso_session = late
region = eu-central-1

[profile dev]
sso_session = corp
region = eu-central-1

[profile half]
sso_session = corp
sso_account_id = 111111111111

[profile role]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Admin

[profile user]
sso_session = corp
aws_access_key_id = AKIAIOSFODNN7EXAMPLE

[profile nowhere]
sso_session = gone

[profile legacy]
sso_start_url = https://old.awsapps.com/start#/
sso_region = eu-west-1
sso_account_id = 111111111111
sso_role_name = Admin
auto_login = never
endpoint_url = http://127.0.0.1:1

[profile legacy2]
sso_start_url = https://old.awsapps.com/start#/
sso_region = eu-west-1
sso_account_id = 222222222222
sso_role_name = Admin

[profile two]
sso_start_url = https://two.awsapps.com/start
sso_region = us-east-1

[profile three]
sso_start_url = https://two.awsapps.com/start
sso_region = eu-west-1
`

// What people type for a sign-in: its own name, a profile that names it and
// nothing else to get credentials with, or an old profile's start URL.
func TestNamesOfSignIns(t *testing.T) {
	t.Parallel()
	f, paths := corp(t, asis)
	for name, want := range map[string]string{
		"corp": "corp", "late": "late", "dev": "corp", "half": "corp",
		"https://old.awsapps.com/start#/":           "https://old.awsapps.com/start#/",
		"https://old.awsapps.com/start#/ eu-west-1": "https://old.awsapps.com/start#/",
	} {
		s, err := f.SignIn(name, paths)
		if err != nil || s.Name != want {
			t.Errorf("%s: %q, %v", name, s.Name, err)
			continue
		}
		same, err := f.Lookup("sso-session "+name, paths)
		if err != nil || same.Name != want || same.Get("sso_region") != "eu-west-1" {
			t.Errorf("%s: %q, %v", name, same.Name, err)
		}
	}
	for _, name := range []string{"role", "user", "nowhere", "legacy", "none", "https://none.awsapps.com/start"} {
		if s, err := f.SignIn(name, paths); !errors.Is(err, fob.ErrNotFound) {
			t.Errorf("%s: %q, %v", name, s.Name, err)
		}
	}
	for _, name := range []string{"https://old.awsapps.com/start#/", "https://old.awsapps.com/start#/ eu-west-1"} {
		s, err := f.SignIn(name, paths)
		if err != nil || s.Get("auto_login") != "never" || s.Endpoint("sso") != "http://127.0.0.1:1" {
			t.Errorf("%s: %v %v %v", name, s.Keys, s.Endpoints, err)
		}
	}
	for range 20 { // no matter how a map is read
		if s, err := f.SignIn("https://two.awsapps.com/start", paths); err != nil || s.Get("sso_region") != "eu-west-1" {
			t.Fatal(s.Keys, err)
		}
	}
}
