package process_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"fob/internal/delivery"
	"fob/internal/delivery/process"
	"fob/internal/fob"
)

func session(expires time.Time) fob.Credentials {
	return fob.Credentials{AccessKeyID: "ASIAXXXXXXXXXXXXXXXX", SecretAccessKey: fob.NewSecret("FOBSECRETMARKER/+="),
		SessionToken: fob.NewSecret("FOBSECRETMARKERtoken//+=="), Expiration: expires, AccountID: "111122223333"}
}

func TestProcessFormat(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	c := session(now.Add(time.Hour))
	text, err := process.Format(c, now)
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	if d["Version"] != 1.0 || d["Expiration"] != "2026-11-22T15:59:00Z" || d["AccountId"] != "111122223333" {
		t.Error("wrong content")
	}
	// Near the end the stated expiry is a fifth of the time left earlier than the real one; in the
	// last second it is the real one, because it must not be in the past.
	for left, want := range map[time.Duration]string{
		5 * time.Minute: "15:04:00Z", 2 * time.Minute: "15:01:36Z", 8 * time.Second: "15:00:06Z", time.Second: "15:00:01Z",
	} {
		c.Expiration = now.Add(left)
		if text, err := process.Format(c, now); err != nil || !strings.Contains(text, want) {
			t.Errorf("with %v left %s is not said; %v", left, want, err)
		}
	}
	for name, wrong := range map[string]fob.Credentials{
		"expired":   {AccessKeyID: "A", SecretAccessKey: fob.NewSecret("s"), SessionToken: fob.NewSecret("t"), Expiration: now},
		"no id":     {SecretAccessKey: fob.NewSecret("s")},
		"no secret": {AccessKeyID: "A"},
		"far year":  {AccessKeyID: "A", SecretAccessKey: fob.NewSecret("s"), Expiration: now.AddDate(9000, 0, 0)},
	} {
		if text, err := process.Format(wrong, now); err == nil || text != "" {
			t.Errorf("%s: printed", name)
		}
	}
	c.SessionToken, c.Expiration, c.AccountID = fob.Secret{}, time.Time{}, ""
	if text, err := process.Format(c, now); err != nil || strings.Contains(text, "SessionToken") || strings.Contains(text, "Expiration") {
		t.Error(err)
	}
}

// The output is the document of the credentials at the grant's time. Long-lived keys come with a
// warning; without credentials there is only the error.
func TestHand(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	hand := func(c fob.Credentials, err error) (fob.Delivery, error) {
		return process.Way().Hand(t.Context(), delivery.Grant{Now: now, Credentials: func(context.Context) (fob.Credentials, error) { return c, err }})
	}
	c := session(now.Add(time.Hour))
	want, err := process.Format(c, now)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := hand(c, nil); err != nil || d.Stdout != want || d.Warning != "" || d.Set != nil {
		t.Errorf("a session: %v, warning %q", err, d.Warning)
	}
	own := fob.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: fob.NewSecret("FOBSECRETMARKERown")}
	if d, err := hand(own, nil); err != nil || !strings.Contains(d.Warning, "long-lived") {
		t.Errorf("own keys: %v, warning %q", err, d.Warning)
	}
	if d, err := hand(fob.Credentials{}, fob.ErrLocked); !errors.Is(err, fob.ErrLocked) || d.Stdout != "" {
		t.Errorf("no credentials: %v", err)
	}
	// Credentials that expired by the grant's clock are refused; otherwise an SDK would use them
	// and be refused by AWS.
	d, err := hand(session(now), nil)
	if !errors.Is(err, fob.ErrRefused) || d.Stdout != "" || strings.Contains(err.Error(), "FOBSECRETMARKER") {
		t.Errorf("expired: %v", err)
	}
}
