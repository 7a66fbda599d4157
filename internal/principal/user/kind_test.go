package user_test

import (
	"testing"
	"time"

	"fob/internal/principal"
	"fob/internal/principal/kindtest"
	"fob/internal/principal/user"
)

func TestKind(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, user.Kind(), func(t *testing.T) kindtest.World {
		s := newStage(t)
		own := s.scene.Users["bot"].Credentials
		return kindtest.World{Profile: s.profile("bot", nil), Secrets: []string{own.SecretAccessKey.Reveal()},
			Env: principal.Env{Secrets: s.vault, HTTP: s.srv.Client(), Now: time.Now}}
	})
}
