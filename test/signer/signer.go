// Package signer stands in for the agent in tests of what sends signed requests:
// the way sign itself, with credentials of its own, and a verifier that knows
// them.
package signer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"fob/internal/delivery"
	"fob/internal/delivery/sign"
	"fob/internal/fakeaws"
	"fob/internal/fob"
	"fob/test/leak"
)

// Credentials are those that everything is signed with.
func Credentials() fob.Credentials {
	return fob.Credentials{
		AccessKeyID: "ASIAXXXXXXXXXXXXXXXX", SecretAccessKey: fob.NewSecret(leak.Marker() + "/key+="),
		SessionToken: fob.NewSecret(leak.Marker() + "//token+=="),
	}
}

// Deliver signs as the agent does, for a profile of the region eu-west-1.
func Deliver(ctx context.Context, r fob.Request) (fob.Delivery, error) {
	if r.Way != "sign" {
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "asked for %s", r.Way)
	}
	return sign.Way().Hand(ctx, delivery.Grant{
		Profile:     fob.Profile{Name: r.Profile, Keys: map[string]string{"region": "eu-west-1"}},
		Credentials: func(context.Context) (fob.Credentials, error) { return Credentials(), nil },
		Options:     r.Options, Now: time.Now(),
	})
}

// Verifier verifies by a clock that is so far ahead.
func Verifier(ahead time.Duration) fakeaws.Verifier {
	c := Credentials()
	return fakeaws.Verifier{
		Now: func() time.Time { return time.Now().Add(ahead) },
		Key: func(id string) (fakeaws.Key, bool) {
			return fakeaws.Key{Secret: c.SecretAccessKey, Token: c.SessionToken}, id == c.AccessKeyID
		},
	}
}

// Upstream is a service of AWS: it verifies each request and remembers it.
type Upstream struct {
	Ahead  time.Duration // its clock
	Answer http.HandlerFunc

	mu       sync.Mutex
	requests []Request
}

// Request is what an upstream was sent.
type Request struct {
	*http.Request
	Content   []byte
	Signature fakeaws.Signature
	Err       error // why it was refused
}

// String is for messages of tests: the rest holds a token.
func (r Request) String() string { return fmt.Sprint(r.Method, " ", r.RequestURI, " ", r.Err) }

// ServeHTTP implements [http.Handler].
func (u *Upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	sent := Request{Request: r, Content: body, Err: err}
	if err == nil {
		sent.Signature, sent.Err = Verifier(u.Ahead).Verify(r, body)
	}
	u.mu.Lock()
	u.requests = append(u.requests, sent)
	u.mu.Unlock()
	w.Header().Set("Date", time.Now().Add(u.Ahead).UTC().Format(http.TimeFormat))
	var refused *fakeaws.Refusal
	switch {
	case errors.As(sent.Err, &refused):
		w.Header().Set("X-Amzn-ErrorType", refused.Code)
		w.WriteHeader(refused.Status)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": refused.Message})
	case sent.Err != nil:
		w.WriteHeader(http.StatusBadRequest)
	case u.Answer != nil:
		r.Body = io.NopCloser(http.NoBody)
		u.Answer(w, r)
	}
}

// Take returns what was sent since it was last called.
func (u *Upstream) Take() []Request {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := u.requests
	u.requests = nil
	return all
}
