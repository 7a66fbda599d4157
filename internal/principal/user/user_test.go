package user_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fob/internal/fakeaws"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/principal/user"
)

// stage is the fake of AWS with its default scene, and a vault with its users' secrets.
type stage struct {
	t     *testing.T
	aws   *fakeaws.Server
	scene fakeaws.Scene
	srv   *httptest.Server
	vault vault
}

type vault map[string]fob.Secret

func (v vault) Get(name string) (fob.Secret, error) {
	s, ok := v[name]
	if !ok {
		return s, fob.Errorf(fob.ErrNotFound, "no item %s", name)
	}
	return s, nil
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, aws: fakeaws.New(fakeaws.Options{}), vault: vault{}}
	s.scene = s.aws.SetDefault()
	for _, u := range s.scene.Users {
		s.vault[fob.KeyItem(u.Credentials.AccessKeyID)] = u.Credentials.SecretAccessKey
	}
	s.srv = httptest.NewServer(s.aws)
	t.Cleanup(func() { s.aws.Close(); s.srv.Close() })
	return s
}

// profile is a user of the scene, with more keys.
func (s *stage) profile(name string, more map[string]string) fob.Profile {
	p := fob.Profile{Name: name, Origin: fob.OriginFob, Endpoints: map[string]string{"": s.srv.URL},
		Keys: map[string]string{"aws_access_key_id": s.scene.Users[name].Credentials.AccessKeyID, "region": "us-east-1"}}
	for key, value := range more {
		p.Keys[key] = value
	}
	return p
}

// credentials opens a profile and asks it for credentials once.
func (s *stage) credentials(p fob.Profile, ui fob.UI) (fob.Credentials, error) {
	s.t.Helper()
	opened, err := user.Kind().Open(p, principal.Env{Secrets: s.vault, UI: ui, HTTP: s.srv.Client(), Now: time.Now})
	if err != nil {
		return fob.Credentials{}, err
	}
	return opened.Credentials(s.t.Context())
}

// call is the last request that AWS has seen.
func (s *stage) call() fakeaws.Entry {
	s.t.Helper()
	log := s.aws.Log()
	if len(log) == 0 {
		s.t.Fatal("AWS was not called")
	}
	return log[len(log)-1]
}

// A user's keys make a session, and do not leave themselves.
func TestSession(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, tt := range []struct {
		keys  map[string]string
		lasts time.Duration
	}{
		{nil, 12 * time.Hour},
		{map[string]string{"duration_seconds": "900"}, 15 * time.Minute},
	} {
		began := s.aws.Now().Truncate(time.Second)
		c, err := s.credentials(s.profile("bot", tt.keys), fob.UI{})
		if err != nil {
			t.Fatal(err)
		}
		if own := s.scene.Users["bot"].Credentials; c.LongLived() || c.AccessKeyID == own.AccessKeyID || c.SecretAccessKey.Equal(own.SecretAccessKey) {
			t.Errorf("%v: the user's own keys were handed out", tt.keys)
		}
		if c.Expiration.Before(began.Add(tt.lasts)) || c.Expiration.After(s.aws.Now().Add(tt.lasts)) {
			t.Errorf("%v: it lasts %v, want %v", tt.keys, c.Expiration.Sub(began), tt.lasts)
		}
		if got := s.call(); got.Action != "GetSessionToken" || got.Params["DurationSeconds"] != tt.keys["duration_seconds"] {
			t.Errorf("%v: AWS was asked for %s %v", tt.keys, got.Action, got.Params)
		}
	}
}

// The account is said by the definition, else by the device's ARN.
func TestAccount(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	never := map[string]string{"user_session": "never"}
	for _, tt := range []struct{ key, value, want string }{
		{"region", "us-east-1", ""},
		{"mfa_serial", "arn:aws:iam::111122223333:mfa/bot", "111122223333"},
		{"aws_account_id", "999988887777", "999988887777"},
	} {
		c, err := s.credentials(s.profile("bot", never).With(tt.key, tt.value), fob.UI{})
		if err != nil || c.AccountID != tt.want {
			t.Errorf("%s: account %q, want %q; %v", tt.key, c.AccountID, tt.want, err)
		}
	}
}

// The keys themselves are handed on where the definition says so, and where they are
// a session's, which can make no other. AWS is not called for either.
func TestKeysHandedOn(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	own := s.scene.Users["bot"].Credentials
	c, err := s.credentials(s.profile("bot", map[string]string{"user_session": "never"}), fob.UI{})
	if err != nil || c.AccessKeyID != own.AccessKeyID || !c.SecretAccessKey.Equal(own.SecretAccessKey) || !c.LongLived() {
		t.Errorf("user_session = never: %v", err)
	}
	p := s.profile("bot", nil)
	p.Secrets = map[string]fob.Secret{"aws_secret_access_key": fob.NewSecret("FOBSECRETMARKERkey"), "aws_session_token": fob.NewSecret("FOBSECRETMARKERtoken")}
	if c, err = s.credentials(p, fob.UI{}); err != nil || !c.SessionToken.Equal(p.Secrets["aws_session_token"]) || !c.SecretAccessKey.Equal(p.Secrets["aws_secret_access_key"]) {
		t.Errorf("a session in the user's own files: %v", err)
	}
	p.Keys["role_policy_arns"] = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	if _, err = s.credentials(p, fob.UI{}); !errors.Is(err, fob.ErrUsage) || fob.HintOf(err) == "" {
		t.Errorf("a session, narrowed: %v", err)
	}
	if n := s.aws.Calls(""); n != 0 {
		t.Errorf("AWS was called %d times", n)
	}
}

// Policies narrow a session that GetFederationToken makes.
func TestNarrowed(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	const arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	c, err := s.credentials(s.profile("bot", map[string]string{"role_policy": policy, "role_policy_arns": arn, "duration_seconds": "3600"}), fob.UI{})
	if err != nil || c.LongLived() {
		t.Fatal(err)
	}
	got := s.call()
	if got.Action != "GetFederationToken" || got.Params["Name"] != "fob-bot" || got.Params["Policy"] != policy || got.Params["PolicyArns.member.1.arn"] != arn || got.Params["DurationSeconds"] != "3600" {
		t.Errorf("AWS was asked for %s %v", got.Action, got.Params)
	}
}

func TestAsksForACode(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	serial := s.scene.Users["jane"].MFASerial
	p := s.profile("jane", map[string]string{"mfa_serial": serial, "mfa_process": "totp jane"})
	var asked []fob.Question
	ui := fob.UI{AskFunc: func(_ context.Context, q fob.Question) (fob.Secret, error) {
		asked = append(asked, q)
		code, err := s.aws.Code(serial)
		return fob.NewSecret(code), err
	}}
	if _, err := s.credentials(p, ui); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 1 || asked[0].Kind != fob.AskMFACode || !strings.Contains(asked[0].Prompt, serial) || asked[0].Command != "totp jane" {
		t.Errorf("asked %+v", asked)
	}
	if got := s.call(); got.Params["SerialNumber"] != serial {
		t.Errorf("AWS was told the device %q", got.Params["SerialNumber"])
	}
	if _, err := s.credentials(p, fob.UI{}); !errors.Is(err, fob.ErrNobody) {
		t.Errorf("with nobody to ask: %v", err)
	}
}

// A secret that is not in the vault is asked for by the command in the hint; other
// errors of the vault are its own.
func TestSecretThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.profile("bot", nil)
	clear(s.vault)
	for _, tt := range []struct {
		origin fob.Origin
		force  bool
	}{{fob.OriginFob, true}, {fob.OriginConfig, false}} {
		p.Origin = tt.origin
		_, err := s.credentials(p, fob.UI{})
		hint := fob.HintOf(err)
		if !errors.Is(err, fob.ErrNotFound) || !strings.Contains(err.Error(), `"bot"`) ||
			!strings.Contains(hint, "fob add user bot --access-key-id "+p.Keys["aws_access_key_id"]) || strings.Contains(hint, "--force") != tt.force {
			t.Errorf("%s: %v (%s)", tt.origin, err, hint)
		}
	}
	opened, err := user.Kind().Open(p, principal.Env{Secrets: locked{}, HTTP: s.srv.Client(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := opened.Credentials(t.Context()); !errors.Is(err, fob.ErrLocked) {
		t.Errorf("a locked vault: %v", err)
	}
}

type locked struct{}

func (locked) Get(string) (fob.Secret, error) { return fob.Secret{}, fob.ErrLocked }

func TestRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.profile("bot", nil)
	if err := s.aws.SetKeyActive(p.Keys["aws_access_key_id"], false); err != nil {
		t.Fatal(err)
	}
	if _, err := s.credentials(p, fob.UI{}); !errors.Is(err, fob.ErrRefused) || !strings.Contains(err.Error(), "session of user bot") || fob.HintOf(err) == "" {
		t.Errorf("%v (%s)", err, fob.HintOf(err))
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		keys map[string]string
		want bool
	}{
		{map[string]string{"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE"}, true},
		{map[string]string{"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "role_arn": "r"}, false},
		{map[string]string{"region": "us-east-1"}, false},
	} {
		if user.Kind().Match(fob.Profile{Keys: tt.keys}) != tt.want {
			t.Errorf("%v matches: %v", tt.keys, !tt.want)
		}
	}
}
