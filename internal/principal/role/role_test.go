package role_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/fakeaws"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/principal/role"
)

// stage is the fake of AWS with its default scene.
type stage struct {
	t     *testing.T
	aws   *fakeaws.Server
	scene fakeaws.Scene
	srv   *httptest.Server
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, aws: fakeaws.New(fakeaws.Options{})}
	s.scene = s.aws.SetDefault()
	s.srv = httptest.NewServer(s.aws)
	t.Cleanup(func() { s.aws.Close(); s.srv.Close() })
	return s
}

// source yields the same credentials, or the same error, each time.
type source struct {
	creds fob.Credentials
	err   error
}

func (s source) Credentials(context.Context) (fob.Credentials, error) { return s.creds, s.err }

func (s *stage) user(name string) source { return source{creds: s.scene.Users[name].Credentials} }

// assume opens the profile prod, for a role of the scene and with more keys, and retrieves
// credentials once.
func (s *stage) assume(name string, from source, ui fob.UI, more map[string]string) (fob.Credentials, error) {
	s.t.Helper()
	p := fob.Profile{Name: "prod", Endpoints: map[string]string{"": s.srv.URL},
		Keys: map[string]string{"role_arn": s.scene.Roles[name], "source_profile": "dev", "region": "us-east-1"}}
	for key, value := range more {
		p.Keys[key] = value
	}
	opened, err := role.Kind().Open(p, principal.Env{Source: from, UI: ui, HTTP: s.srv.Client(), Now: time.Now})
	if err != nil {
		return fob.Credentials{}, err
	}
	return opened.Credentials(s.t.Context())
}

// call is the last AssumeRole that AWS has seen.
func (s *stage) call() map[string]string {
	s.t.Helper()
	log := s.aws.Log()
	if len(log) == 0 || log[len(log)-1].Action != "AssumeRole" {
		s.t.Fatalf("AssumeRole was not called: %v", log)
	}
	return log[len(log)-1].Params
}

func TestAssumes(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	began := s.aws.Now()
	c, err := s.assume("ReadOnly", s.user("bot"), fob.UI{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(c.AccessKeyID, "ASIA") || c.LongLived() || c.AccountID != fakeaws.RoleAccount {
		t.Errorf("%+v", c)
	}
	if left := c.Expiration.Sub(began.Truncate(time.Second)); left < time.Hour || c.Expiration.After(s.aws.Now().Add(time.Hour)) {
		t.Errorf("it lasts %v, want an hour", left)
	}
	if got := s.call(); got["RoleArn"] != s.scene.Roles["ReadOnly"] || got["RoleSessionName"] != "fob-prod" || got["DurationSeconds"] != "" {
		t.Errorf("AWS was asked for %v", got)
	}
	chained, err := s.assume("Chained", source{creds: c}, fob.UI{}, nil)
	if err != nil || chained.AccessKeyID == c.AccessKeyID {
		t.Errorf("from a role: %s, %v", chained.AccessKeyID, err)
	}
}

// Every key of the definition is sent to AWS as its parameter.
func TestParameters(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for key, tt := range map[string]struct {
		role  string
		keys  map[string]string
		param map[string]string
	}{
		"name":     {"ReadOnly", map[string]string{"role_session_name": "jane@example.com"}, map[string]string{"RoleSessionName": "jane@example.com"}},
		"external": {"External", map[string]string{"external_id": "fob-ext"}, map[string]string{"ExternalId": "fob-ext"}},
		"duration": {"LongJob", map[string]string{"duration_seconds": "43200"}, map[string]string{"DurationSeconds": "43200"}},
		"tags": {"Tagged", map[string]string{"session_tags": "team=web, env=prod", "transitive_session_tags": "env"}, map[string]string{
			"Tags.member.1.Key": "team", "Tags.member.1.Value": "web", "Tags.member.2.Key": "env", "Tags.member.2.Value": "prod", "TransitiveTagKeys.member.1": "env"}},
		"identity": {"Tagged", map[string]string{"source_identity": "jane"}, map[string]string{"SourceIdentity": "jane"}},
		"policy": {"ReadOnly", map[string]string{"role_policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`, "role_policy_arns": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, map[string]string{
			"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`, "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}},
	} {
		if _, err := s.assume(tt.role, s.user("bot"), fob.UI{}, tt.keys); err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		got := s.call()
		for name, want := range tt.param {
			if got[name] != want {
				t.Errorf("%s: %s is %q, want %q", key, name, got[name], want)
			}
		}
	}
	if _, err := s.assume("Tagged", s.user("bot"), fob.UI{}, map[string]string{"session_tags": "team"}); !errors.Is(err, fob.ErrUsage) || !strings.Contains(err.Error(), "session_tags") {
		t.Errorf("a tag without a value: %v", err)
	}
}

// If AWS refused a code, another is asked for, with the reason.
func TestAsksForACode(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	serial := s.scene.Users["jane"].MFASerial
	var prompts []string
	ui := fob.UI{AskFunc: func(_ context.Context, q fob.Question) (fob.Secret, error) {
		prompts = append(prompts, q.Prompt)
		if len(prompts) == 1 {
			return fob.NewSecret("000000"), nil
		}
		code, err := s.aws.Code(serial)
		return fob.NewSecret(code), err
	}}
	if _, err := s.assume("Deploy", s.user("jane"), ui, map[string]string{"mfa_serial": serial}); err != nil {
		t.Fatal(err)
	}
	if len(prompts) != 2 || !strings.Contains(prompts[0], serial) || !strings.Contains(prompts[1], "refused") {
		t.Errorf("asked %q", prompts)
	}
	if got := s.call(); got["SerialNumber"] != serial {
		t.Errorf("AWS was told the device %q", got["SerialNumber"])
	}
	if _, err := s.assume("Deploy", s.user("jane"), fob.UI{}, map[string]string{"mfa_serial": serial}); !errors.Is(err, fob.ErrNobody) {
		t.Errorf("with nobody to ask: %v", err)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	lost := errors.New("the source has none")
	if _, err := s.assume("ReadOnly", source{err: lost}, fob.UI{}, nil); !errors.Is(err, lost) {
		t.Errorf("without a source: %v", err)
	}
	if n := s.aws.Calls("AssumeRole"); n != 0 {
		t.Errorf("AWS was asked %d times without credentials", n)
	}
	for name, want := range map[string]error{"Nobody": fob.ErrRefused, "External": fob.ErrRefused} {
		_, err := s.assume(name, s.user("bot"), fob.UI{}, nil)
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "profile prod, role "+s.scene.Roles[name]) || fob.HintOf(err) == "" {
			t.Errorf("%s: %v (%s)", name, err, fob.HintOf(err))
		}
	}
}

// Fake time, because the SDK waits between attempts.
func TestAWSIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := fob.Profile{Name: "prod", Keys: map[string]string{"role_arn": "arn:aws:iam::444455556666:role/ReadOnly", "source_profile": "dev", "region": "us-east-1"}}
		from := source{creds: fob.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: fob.NewSecret("FOBSECRETMARKERaway")}}
		opened, err := role.Kind().Open(p, principal.Env{Source: from, HTTP: &http.Client{Transport: away{}}, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := opened.Credentials(t.Context()); !errors.Is(err, fob.ErrNetwork) || fob.HintOf(err) == "" {
			t.Errorf("%v (%s)", err, fob.HintOf(err))
		}
	})
}

type away struct{}

func (away) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
}

// Definitions with a role and a source are of this kind.
func TestMatch(t *testing.T) {
	t.Parallel()
	k := role.Kind()
	for _, tt := range []struct {
		keys map[string]string
		want bool
	}{
		{map[string]string{"role_arn": "r", "source_profile": "dev"}, true},
		{map[string]string{"role_arn": "r"}, false},
		{map[string]string{"source_profile": "dev"}, false},
		{map[string]string{"role_arn": "r", "credential_source": "Environment"}, false},
	} {
		p := fob.Profile{Name: "prod", Keys: tt.keys}
		if k.Match(p) != tt.want {
			t.Errorf("%v matches: %v", tt.keys, !tt.want)
		}
		if got := k.Source(p); got != tt.keys["source_profile"] {
			t.Errorf("%v: its source is %q", tt.keys, got)
		}
	}
}
