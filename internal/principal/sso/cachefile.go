package sso

import (
	"context"
	"crypto/sha1" // the SDKs name the file by it; it protects nothing
	"encoding/hex"
	"encoding/json"
	"time"

	"fob/internal/fob"
	"fob/internal/quote"
)

// cacheFile is a token file in ~/.aws/sso/cache, which the AWS CLI and the SDKs share. Its format
// is botocore's (botocore.utils.SSOTokenLoader and botocore.tokens).
type cacheFile struct {
	StartURL            string   `json:"startUrl"`
	Region              string   `json:"region"`
	AccessToken         string   `json:"accessToken"`
	ExpiresAt           cacheUTC `json:"expiresAt"`
	ClientID            string   `json:"clientId,omitempty"`
	ClientSecret        string   `json:"clientSecret,omitempty"`
	RegistrationExpires cacheUTC `json:"registrationExpiresAt,omitzero"`
	RefreshToken        string   `json:"refreshToken,omitempty"`
}

// cacheUTC is a time in that file: RFC 3339 in UTC, to the second.
type cacheUTC struct{ time.Time }

// oldUTC is how older versions of the AWS CLI write a time.
const oldUTC = "2006-01-02T15:04:05UTC"

// UnmarshalJSON reads a time as any version of the AWS CLI writes it.
func (t *cacheUTC) UnmarshalJSON(text []byte) error {
	var s string
	err := json.Unmarshal(text, &s)
	if err != nil || s == "" {
		return err
	}
	if t.Time, err = time.Parse(time.RFC3339, s); err != nil {
		t.Time, err = time.Parse(oldUTC, s)
	}
	return err
}

// MarshalJSON writes a time as SDKs read it.
func (t cacheUTC) MarshalJSON() ([]byte, error) {
	return json.Marshal(t.UTC().Truncate(time.Second).Format(time.RFC3339))
}

// SharedFile is the name of the file: the SHA-1 of the session's name or, for profiles without one, of
// the start URL as it is written.
func (s *session) SharedFile() string {
	sum := sha1.Sum([]byte(s.profile.Name))
	return hex.EncodeToString(sum[:]) + ".json"
}

// Export writes a sign-in in the format that other tools read, with everything for refreshing it.
func (s *session) Export(c fob.Credentials) (content fob.Secret, err error) {
	p := s.profile
	f := cacheFile{StartURL: p.Get("sso_start_url"), Region: p.Get("sso_region"),
		AccessToken: c.SessionToken.Reveal(), ExpiresAt: cacheUTC{c.Expiration}}
	if reg, ok := s.registered(); ok {
		f.ClientID, f.ClientSecret, f.RegistrationExpires = reg.ID, reg.Secret, cacheUTC{reg.Expires}
		if refresh, err := s.env.Tokens.Get(s.item("refresh")); err == nil {
			f.RefreshToken = refresh.Reveal()
		}
	}
	text, err := json.Marshal(f)
	return fob.NewSecret(string(text)), err
}

// Accept imports a sign-in that another tool wrote: its token if it is still valid, and its refresh
// token.
func (s *session) Accept(ctx context.Context, content fob.Secret) (fob.Credentials, error) {
	p := s.profile
	var f cacheFile
	if json.Unmarshal([]byte(content.Reveal()), &f) != nil || f.AccessToken == "" || f.StartURL != p.Get("sso_start_url") {
		return fob.Credentials{}, fob.Errorf(fob.ErrNotFound, "the file holds no sign-in of %s", p.Name)
	}
	if !f.ExpiresAt.After(s.env.Now()) {
		return fob.Credentials{}, fob.Errorf(fob.ErrSignIn, "the sign-in of %s in the file has expired", p.Name).WithHint("fob login %s", quote.Word(p.Name))
	}
	if f.RefreshToken != "" && f.ClientID != "" && !f.RegistrationExpires.IsZero() {
		text, err := json.Marshal(registration{f.ClientID, f.ClientSecret, f.RegistrationExpires.Time})
		if err == nil {
			err = s.env.Tokens.Put(ctx, s.item("client"), fob.NewSecret(string(text)))
		}
		if err == nil {
			err = s.env.Tokens.Put(ctx, s.item("refresh"), fob.NewSecret(f.RefreshToken))
		}
		if err != nil {
			return fob.Credentials{}, err
		}
	}
	return fob.Credentials{SessionToken: fob.NewSecret(f.AccessToken), Expiration: f.ExpiresAt.Time}, nil
}
