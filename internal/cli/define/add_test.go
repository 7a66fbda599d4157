package define

import (
	"testing"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/frontend"
)

func TestNoSecretCanBeAnArgument(t *testing.T) {
	t.Parallel()
	a := &command.App{App: &frontend.App{}}
	add := newAddKinds(a, []api.KindDoc{{Name: "user", Doc: "a user", Fields: []api.FieldDoc{
		{Key: "aws_access_key_id", Flag: "access-key-id", Doc: "id", Required: true},
		{Key: "aws_secret_access_key", Flag: "secret", Doc: "secret", Secret: true},
	}}})
	c, _, err := add.Find([]string{"add", "user"})
	if err != nil || c.Flags().Lookup("secret") != nil || c.Flags().Lookup("secret-stdin") == nil || c.Flags().Lookup("access-key-id") == nil {
		t.Error("flags of fob add user are wrong", err)
	}
}
