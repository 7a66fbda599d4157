package role_test

import (
	"testing"
	"time"

	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/principal/kindtest"
	"fob/internal/principal/role"
)

func TestKind(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, role.Kind(), func(t *testing.T) kindtest.World {
		s := newStage(t)
		from := s.user("bot")
		return kindtest.World{Secrets: []string{from.creds.SecretAccessKey.Reveal()},
			Profile: fob.Profile{Name: "prod", Endpoints: map[string]string{"": s.srv.URL},
				Keys: map[string]string{"role_arn": s.scene.Roles["ReadOnly"], "source_profile": "dev", "region": "us-east-1"}},
			Env: principal.Env{Source: from, HTTP: s.srv.Client(), Now: time.Now}}
	})
}
