package sso

import (
	"testing"

	"fob/internal/fob"
)

// The most specific entry applies: the role's, the account's, then the default.
func TestRoleRegion(t *testing.T) {
	t.Parallel()
	signIn := fob.Profile{Keys: map[string]string{
		"sso_default_region": "eu-west-1", "sso_account_aliases": "lake=333333333333",
		"sso_role_regions": "111111111111/Admin=us-east-1 111111111111=eu-north-1  lake=ap-south-1 222222222222/a=b,c=us-west-2 444444444444=nowhere!",
	}}
	for _, c := range []struct{ account, role, want string }{
		{"111111111111", "Admin", "us-east-1"}, {"111111111111", "ReadOnly", "eu-north-1"},
		{"333333333333", "Admin", "ap-south-1"}, {"222222222222", "a=b,c", "us-west-2"}, {"222222222222", "a", "eu-west-1"},
		{"444444444444", "Admin", "eu-west-1"}, {"555555555555", "Admin", "eu-west-1"},
	} {
		role := fob.Profile{Keys: map[string]string{"sso_account_id": c.account, "sso_role_name": c.role}}
		if got := roleRegion(signIn, role); got != c.want {
			t.Errorf("%s/%s: %q, want %q", c.account, c.role, got, c.want)
		}
		if got := roleRegion(fob.Profile{}, role); got != "" {
			t.Errorf("%s/%s: %q without any key", c.account, c.role, got)
		}
	}
	for text, ok := range map[string]bool{
		"": true, "111111111111=eu-west-1": true, "lake/Admin=eu-west-1 lake=us-gov-west-1": true,
		"111111111111": false, "=eu-west-1": false, "lake=eu west 1": false, "lake=eu-west-1,x=us-east-1": false,
	} {
		if err := checkRoleRegions(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}
