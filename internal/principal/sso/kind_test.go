package sso

import (
	"maps"
	"slices"
	"testing"

	"fob/internal/fob"
	"fob/internal/principal/kindtest"
)

func TestSessionKind(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, SessionKind(), func(*testing.T) kindtest.World {
		w := newWorld(1)
		return kindtest.World{Profile: w.profile, Env: w.env()}
	})
}

func TestRoleKind(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, RoleKind(), func(t *testing.T) kindtest.World {
		w := newWorld(1)
		token := w.mustLogin(t)
		all, err := w.discover(t.Context(), t)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		account := slices.Collect(maps.Keys(all))[0]
		p := fob.Profile{Name: "ro", Endpoints: w.profile.Endpoints, Keys: map[string]string{
			"sso_session": "corp", "sso_region": "us-east-1", "sso_account_id": account, "sso_role_name": all[account][0]}}
		env := w.env()
		env.Source = newSource(w, token)
		return kindtest.World{Profile: p, Env: env, Secrets: []string{token.SessionToken.Reveal()}}
	})
}
