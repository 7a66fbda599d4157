package identity_test

import (
	"strings"
	"testing"
	"time"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/stage"
	"fob/internal/fob"
)

// Whose clock is wrong does not matter: keys stay known, old ones, those of
// sessions, and one that is seconds old, and what is wrong is told as a clock's.
func TestSkewIsToldAsSkew(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-24 * time.Hour, -20 * time.Minute, 20 * time.Minute, 10 * time.Hour} {
		for name, set := range map[string]func(*stage.Stage){
			"set":   func(st *stage.Stage) { st.SetSkew(skew) },
			"moved": func(st *stage.Stage) { st.Advance(skew) },
		} {
			t.Run(name+" "+skew.String(), func(t *testing.T) {
				t.Parallel()
				now := time.Now().Truncate(time.Second)
				st := stage.New(t, fakeaws.Options{Now: func() time.Time { return now }, KeyDelay: 10 * time.Second})
				bot := st.Users["bot"].Credentials
				out, err := st.IAM(bot).CreateAccessKey(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				keys := map[string]fob.Credentials{
					"old": bot, "session": st.Session(t, "bot"),
					"new": {AccessKeyID: *out.AccessKey.AccessKeyId, SecretAccessKey: fob.NewSecret(*out.AccessKey.SecretAccessKey)},
				}
				st.Advance(10 * time.Second)
				set(st)
				text := "is now earlier than"
				if skew < 0 {
					text = "Signature not yet current"
				}
				for key, c := range keys {
					// The caller's clock is right, the fake's is not.
					_, code, body := st.Query(t, c, "sts", "us-east-1", stage.CallerIdentity, now)
					if code != "SignatureDoesNotMatch" || !strings.Contains(body, text) {
						t.Errorf("%s key: %s", key, body)
					}
					req := stage.Signed(t, st.HTTP.URL+"/b", "s3", "us-east-1", "GET", "", c, now)
					if _, _, body := stage.Send(t, req); !strings.Contains(body, "<Code>RequestTimeTooSkewed</Code>") {
						t.Errorf("%s key, S3: %s", key, body)
					}
					// A caller who has learned the difference gets in.
					if status, _, body := st.Query(t, c, "sts", "us-east-1", stage.CallerIdentity, st.Now()); status != 200 {
						t.Errorf("%s key, corrected: %s", key, body)
					}
				}
			})
		}
	}
}

// A key that is not known yet becomes known as time passes, whatever the clock is
// set to meanwhile.
func TestNewKeysAndSkew(t *testing.T) {
	t.Parallel()
	now := time.Now()
	st := stage.New(t, fakeaws.Options{Now: func() time.Time { return now }, KeyDelay: 10 * time.Second})
	out, err := st.IAM(st.Users["bot"].Credentials).CreateAccessKey(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		do    func()
		known bool
	}{
		{func() { st.SetSkew(time.Hour) }, false},
		{func() { st.Advance(9 * time.Second) }, false},
		{func() { st.SetSkew(-time.Hour) }, false},
		{func() { st.Advance(time.Second) }, true},
		{func() { st.SetSkew(-24 * time.Hour) }, true},
	} {
		step.do()
		if _, known := st.Lookup(*out.AccessKey.AccessKeyId); known != step.known {
			t.Errorf("at %v: known %v", st.Offset(), known)
		}
	}
}
