package broker

import (
	"context"
	"errors"
	"testing"
	"time"

	"fob/internal/fob"
	"fob/internal/principal"
)

// as asks for a profile from an environment.
func (w *world) as(profile string, e fob.Environment) (fob.Credentials, error) {
	return w.Credentials(context.Background(), fob.Request{Profile: profile, Environment: e}, fob.UI{})
}

// numbered has every retrieval yield other credentials.
func numbered(w *world) {
	w.retrieve = func(ctx context.Context, p fob.Profile, env principal.Env) (fob.Credentials, error) {
		c := lasting(time.Hour)
		c.AccessKeyID = p.Name + "-" + string(rune('A'+w.calls.Load()))
		_ = env.Tokens.Put(ctx, "refresh", fob.NewSecret("of "+c.AccessKeyID))
		return c, nil
	}
}

// Who trusts an authority of its own gets what everybody has, and puts nothing there.
func TestOwnAuthorityIsKeptApart(t *testing.T) {
	t.Parallel()
	for _, own := range []fob.Environment{{Network: fob.Network{CABundle: "/own.pem"}}, {CertFile: "/own.pem"}} {
		w := newWorld()
		w.profile("role", "role_arn", "arn:aws:iam::111122223333:role/R", "source_profile", "jane")
		numbered(w)
		hostile, err := w.as("role", own)
		if err != nil {
			t.Fatal(err)
		}
		c, err := w.as("role", fob.Environment{})
		if err != nil || c.AccessKeyID == hostile.AccessKeyID || w.calls.Load() != 4 {
			t.Errorf("others got what an own authority vouched for: %v, %d retrievals", err, w.calls.Load())
		}
		if again, err := w.as("role", own); err != nil || again.AccessKeyID != hostile.AccessKeyID {
			t.Errorf("its own is not kept: %v", err)
		}
		// What all trust is good enough for those who trust more.
		if _, err := w.as("role", fob.Environment{Network: fob.Network{CABundle: "/another.pem"}}); err != nil || w.calls.Load() != 4 {
			t.Errorf("%v, %d retrievals", err, w.calls.Load())
		}
		plan, err := w.Plan(fob.Request{Profile: "jane", Environment: own})
		if err != nil {
			t.Fatal(err)
		}
		mine, _ := w.Env(plan[0], fob.UI{}).Tokens.Get("refresh")
		if plan, err = w.Plan(fob.Request{Profile: "jane"}); err != nil {
			t.Fatal(err)
		}
		theirs, _ := w.Env(plan[0], fob.UI{}).Tokens.Get("refresh")
		if mine.IsZero() || theirs.IsZero() || mine.Equal(theirs) {
			t.Error("tokens are not apart")
		}
		w.Forget()
	}
}

// What a definition or fob's settings name, all callers share; so they do what came
// through a proxy, where TLS tells who answered.
func TestSharedNetworksAreShared(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.profile("jane", "aws_access_key_id", "AKIA", "ca_bundle", "/company.pem")
	w.Network = func() fob.Network { return fob.Network{HTTPSProxy: "http://all:1"} }
	numbered(w)
	for _, e := range []fob.Environment{{}, {CertFile: "/x.pem"}, {Network: fob.Network{CABundle: "/company.pem"}}, {Network: fob.Network{HTTPSProxy: "http://mine:1"}}} {
		if _, err := w.as("jane", e); err != nil || w.calls.Load() != 1 {
			t.Errorf("%+v: %v, %d retrievals", e, err, w.calls.Load())
		}
		plan, err := w.Plan(fob.Request{Profile: "jane", Environment: e})
		if err != nil || plan[0].Network.CABundle != "/company.pem" || plan[0].Network.HTTPSProxy == "" {
			t.Errorf("%+v: %+v, %v", e, plan[0].Network, err)
		}
	}
	w.Forget()
	// A proxy that could answer itself, since there is no TLS.
	emulator := fob.Profile{Name: "emulator", Keys: map[string]string{"aws_access_key_id": "AKIA"}, Endpoints: map[string]string{"": "http://emulator.example:4566"}}
	w.profiles["emulator"] = emulator
	before := w.calls.Load()
	for _, e := range []fob.Environment{{Network: fob.Network{HTTPProxy: "http://mine:1"}}, {}} {
		if _, err := w.as("emulator", e); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.calls.Load() - before; n != 2 {
		t.Errorf("through a proxy of one's own, without TLS: %d retrievals", n)
	}
	w.Forget()
}

// A caller whose proxy is dead takes nobody down who waits for the same retrieval.
func TestOnesProxyIsNotTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld()
	entered, leave := make(chan struct{}), make(chan struct{})
	w.retrieve = func(context.Context, fob.Profile, principal.Env) (fob.Credentials, error) {
		if w.calls.Load() == 1 {
			close(entered)
			<-leave
			return fob.Credentials{}, fob.Errorf(fob.ErrNetwork, "cannot reach the proxy")
		}
		return lasting(time.Hour), nil
	}
	failed := make(chan error)
	go func() {
		_, err := w.Credentials(context.Background(), fob.Request{Profile: "jane", Environment: fob.Environment{Network: fob.Network{HTTPSProxy: "http://dead:1"}}}, fob.UI{ID: 1})
		failed <- err
	}()
	<-entered
	go close(leave)
	if _, err := w.Credentials(context.Background(), fob.Request{Profile: "jane"}, fob.UI{ID: 2}); err != nil {
		t.Error(err)
	}
	if err := <-failed; !errors.Is(err, fob.ErrNetwork) {
		t.Error("the first one:", err)
	}
	w.Forget()
}

// The caller's region is taken where nothing else tells one, and never across partitions.
func TestRegionOfTheCaller(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.profile("role", "role_arn", "arn:aws:iam::111122223333:role/R", "source_profile", "jane")
	w.profile("gov", "role_arn", "arn:aws-us-gov:iam::111122223333:role/R", "source_profile", "jane")
	w.profile("settled", "aws_access_key_id", "AKIA", "region", "eu-west-1")
	for _, tt := range []struct{ profile, region, want string }{
		{"jane", "", "us-east-1"}, {"jane", "us-gov-west-1", "us-gov-west-1"}, {"jane", "cn-north-1", "cn-north-1"}, {"jane", "eu-west-1", "eu-west-1"},
		{"role", "eu-west-1", "eu-west-1"}, {"role", "us-gov-west-1", "us-east-1"},
		{"gov", "us-gov-east-1", "us-gov-east-1"}, {"gov", "eu-west-1", "us-gov-west-1"},
		{"settled", "cn-north-1", "eu-west-1"},
	} {
		plan, err := w.Plan(fob.Request{Profile: tt.profile, Environment: fob.Environment{Region: tt.region}})
		if err != nil {
			t.Fatal(err)
		}
		if got := principal.Region(plan[0].Profile); got != tt.want {
			t.Errorf("%s from %q: %s, want %s", tt.profile, tt.region, got, tt.want)
		}
	}
	key := func(region string) string {
		plan, err := w.Plan(fob.Request{Profile: "jane", Environment: fob.Environment{Region: region}})
		if err != nil {
			t.Fatal(err)
		}
		return plan[0].Key
	}
	if key("eu-west-1") != key("us-east-1") || key("") != key("us-east-1") {
		t.Error("a session for each region")
	}
	if key("us-gov-west-1") == key("us-east-1") || key("cn-north-1") == key("us-gov-west-1") {
		t.Error("one session for several partitions")
	}
}

// Variables that no SDK would take are refused by their names.
func TestWrongVariables(t *testing.T) {
	t.Parallel()
	for _, e := range []fob.Environment{{UseFIPS: "maybe"}, {UseDualStack: "2"}, {STSEndpoints: "global"}, {Region: "us east"}} {
		_, err := newWorld().as("jane", e)
		if !errors.Is(err, fob.ErrUsage) || fob.HintOf(err) == "" {
			t.Errorf("%+v: %v", e, err)
		}
	}
}
