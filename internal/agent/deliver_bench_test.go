package agent

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fob/internal/api"
	"fob/internal/fob"
)

// BenchmarkDeliver is what fob credentials costs the agent while the credentials are
// cached, without the socket: a role and its user, in fob's own file.
func BenchmarkDeliver(b *testing.B) {
	a, ctx := newAgent(b)
	dir := b.TempDir()
	paths := fob.Paths{Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials")}
	for path, text := range map[string]string{
		a.home.Config():   "[profile jane]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n\n[profile prod]\nrole_arn = arn:aws:iam::444455556666:role/Deploy\nsource_profile = jane\nregion = eu-west-1\n",
		paths.Config:      "[default]\nregion = eu-west-1\n",
		paths.Credentials: "",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
			b.Fatal(err)
		}
	}
	plan, err := a.plan("prod", fob.Request{Paths: paths})
	if err != nil {
		b.Fatal(err)
	}
	a.broker.Accept(plan, fob.Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: fob.NewSecret("FOBSECRETMARKERbench"),
		SessionToken: fob.NewSecret("FOBSECRETMARKERbenchtoken"), Expiration: time.Now().Add(time.Hour), AccountID: "444455556666"})
	c := aConn(&script{})
	params, err := json.Marshal(api.DeliverParams{Name: "prod", Way: "process"})
	if err != nil {
		b.Fatal(err)
	}
	m := &api.Message{Method: string(api.Deliver), Params: params, Caller: &api.Caller{Protocol: api.Protocol, Version: "1", Paths: paths, Exe: "/usr/local/bin/fob"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.dispatch(context.WithoutCancel(ctx), c, m); err != nil {
			b.Fatal(err)
		}
	}
}
