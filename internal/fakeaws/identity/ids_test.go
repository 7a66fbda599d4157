package identity

import (
	"testing"
)

func TestAccountOfKey(t *testing.T) {
	t.Parallel()
	if account, ok := AccountOfKey("ASIAQNZGKIQY56JQ7WML"); !ok || account != "029608264753" {
		t.Error(account, ok)
	}
	for _, account := range []string{"000000000000", "111122223333", "999999999999"} {
		if got, ok := AccountOfKey(newKeyID("AKIA", account)); !ok || got != account {
			t.Error(got, ok)
		}
	}
}
