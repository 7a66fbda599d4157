// Package kindtest is the test suite that every kind of principal passes: what front ends, the
// broker and the audit log rely on.
package kindtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fob/internal/fob"
	"fob/internal/principal"
)

// World is a profile of the kind under test, and an Env in which it can be opened and yields
// credentials.
type World struct {
	Profile fob.Profile
	Env     principal.Env
	// Secrets are texts that must not be in any error or message.
	Secrets []string
}

// Run runs the suite. world is called for each part that needs one.
func Run(t *testing.T, k principal.Kind, world func(t *testing.T) World) {
	t.Run("definition", func(t *testing.T) { t.Parallel(); definition(t, k) })
	t.Run("any profile", func(t *testing.T) { t.Parallel(); anyProfile(t, k) })
	t.Run("yields", func(t *testing.T) { t.Parallel(); yields(t, k, world(t)) })
	t.Run("opening is free", func(t *testing.T) { t.Parallel(); openingIsFree(t, k, world(t)) })
	t.Run("cancelled", func(t *testing.T) { t.Parallel(); cancelled(t, k, world(t)) })
	t.Run("source fails", func(t *testing.T) { t.Parallel(); sourceFails(t, k, world(t)) })
	for name, fault := range faults() {
		t.Run("answer/"+name, func(t *testing.T) { t.Parallel(); answer(t, k, world(t), fault) })
	}
}

// definition: flags and forms can be made from the fields, examples are valid, and no secret is
// part of a definition.
func definition(t *testing.T, k principal.Kind) {
	if k.Name == "" || k.Doc == "" || k.Match == nil || k.Yields == nil || k.Open == nil {
		t.Fatal("the kind is not whole")
	}
	flags := map[string]bool{}
	p := fob.Profile{Name: "x", Keys: map[string]string{}}
	for _, f := range k.Accepts() {
		if f.Key == "" || f.Doc == "" || f.Key != strings.ToLower(f.Key) || flags[f.FlagName()] {
			t.Errorf("field %q is not whole, or its flag is there twice", f.Key)
		}
		flags[f.FlagName()] = true
		switch {
		case fob.IsSecretKey(f.Key) && f.Secret == nil:
			t.Errorf("%s is secret, and its field does not say so", f.Key)
		case f.Secret != nil && (f.Secret.Item == nil || f.Secret.Prompt == nil || f.Example != ""):
			t.Errorf("%s: a secret has an item, a prompt and no example", f.Key)
		case f.Secret != nil:
			if prompt := f.Secret.Prompt(p); prompt == "" || strings.ContainsAny(prompt, "\r\n") || strings.HasSuffix(prompt, ":") {
				t.Errorf("%s: the prompt is %q", f.Key, prompt)
			}
		case f.Required && f.Example == "":
			t.Errorf("%s is required and has no example", f.Key)
		}
		if f.Example != "" {
			p.Keys[f.Key] = strings.ReplaceAll(f.Example, "AKIA…", "AKIAIOSFODNN7EXAMPLE")
		}
	}
	if !k.Match(p) {
		t.Errorf("what fob add would write is not of the kind: %v", p.Keys)
	}
	if err := k.Validate(p); err != nil {
		t.Errorf("its own examples are refused: %v", err)
	}
	for _, f := range k.Fields {
		if !f.Required || f.Secret != nil {
			continue
		}
		if err := k.Validate(p.With(f.Key, "")); !errors.Is(err, fob.ErrUsage) || fob.HintOf(err) == "" {
			t.Errorf("without %s: %v", f.Key, err)
		}
	}
	if (k.Group != nil) != (k.Yields(p) == principal.BearerToken) {
		t.Error("a bearer token is what a sign-in yields, and no other kind")
	}
}

// anyProfile: for any definition there is no panic, and accounts have twelve digits.
func anyProfile(t *testing.T, k principal.Kind) {
	var keys []string
	for _, f := range k.Accepts() {
		keys = append(keys, f.Key)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := fob.Profile{Name: rapid.String().Draw(t, "name"), Keys: map[string]string{}}
		for _, key := range keys {
			if rapid.Bool().Draw(t, key) {
				p.Keys[key] = rapid.String().Draw(t, "value")
			}
		}
		_ = k.Validate(p)
		if account := k.AccountIn(p); account != "" && k.Validate(p) == nil &&
			(len(account) != 12 || strings.Trim(account, "0123456789") != "") {
			t.Fatalf("account %q", account)
		}
		_ = k.Yields(p)
		if k.Source != nil {
			_ = k.Source(p)
		}
		_, _ = k.Open(p, principal.Env{})
	})
}

// yields: the credentials are of the sort that the kind declares.
func yields(t *testing.T, k principal.Kind, w World) {
	if !k.Match(w.Profile) {
		t.Fatal("the world's profile is not of the kind")
	}
	if err := k.Validate(w.Profile); err != nil {
		t.Fatal(err)
	}
	p := open(t, k, w)
	c, err := p.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now := w.Env.Now()
	lasts := 36 * time.Hour
	if k.Lasts != nil {
		lasts = k.Lasts(w.Profile)
	}
	temporary := c.Expiration.After(now) && c.Expiration.Before(now.Add(lasts+time.Minute))
	switch k.Yields(w.Profile) {
	case principal.StaticKeys:
		if _, makes := p.(principal.SessionMaker); !makes && (!c.Expiration.IsZero() || c.AccessKeyID == "" || c.SecretAccessKey.IsZero()) {
			t.Errorf("they are no static keys: they expire %v", c.Expiration)
		}
	case principal.Session:
		if !temporary || c.AccessKeyID == "" || c.SecretAccessKey.IsZero() || c.SessionToken.IsZero() {
			t.Errorf("they are no session: they expire %v", c.Expiration)
		}
	case principal.BearerToken:
		if !temporary || c.AccessKeyID != "" || !c.SecretAccessKey.IsZero() || c.SessionToken.IsZero() {
			t.Errorf("they are no bearer token: they expire %v", c.Expiration)
		}
	}
	if c.AccountID != "" && (len(c.AccountID) != 12 || strings.Trim(c.AccountID, "0123456789") != "") {
		t.Errorf("account %q", c.AccountID)
	}
	if maker, ok := p.(principal.SessionMaker); ok {
		w.Profile = maker.WithoutSession()
		c, err := open(t, k, w).Credentials(t.Context())
		if err != nil || !c.LongLived() || !c.Expiration.IsZero() {
			t.Errorf("without a session: long-lived %v, %v", c.LongLived(), err)
		}
	}
	if sharer, ok := p.(principal.Sharer); ok {
		shared(t, k, w, sharer, c)
	}
}

// shared: what is exported for other tools can be imported.
func shared(t *testing.T, k principal.Kind, w World, p principal.Sharer, c fob.Credentials) {
	if name := p.SharedFile(); name == "" || strings.ContainsAny(name, `/\`) {
		t.Errorf("the shared file is called %q", name)
	}
	content, err := p.Export(c)
	if err != nil {
		t.Fatal(err)
	}
	again, err := open(t, k, w).(principal.Sharer).Accept(t.Context(), content)
	if err != nil || !again.SessionToken.Equal(c.SessionToken) || again.Expiration.Sub(c.Expiration).Abs() > time.Second {
		t.Errorf("what was exported is not taken over: %v", err)
	}
}

// openingIsFree: Open does no I/O, because it is called for plans and for shells' prompts.
func openingIsFree(t *testing.T, k principal.Kind, w World) {
	w.Env.HTTP = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("a call is made")
		return nil, errors.New("no")
	})}
	w.Env.UI = fob.UI{}
	w.Env.Secrets = nil
	w.Env.Source = nil
	p := open(t, k, w)
	if asker, ok := p.(principal.Asker); ok {
		_ = asker.Asks()
	}
}

// cancelled: a retrieval ends with its context.
func cancelled(t *testing.T, k principal.Kind, w World) {
	ctx, cancel := context.WithCancel(t.Context())
	w.Env.HTTP = &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		cancel()
		<-req.Context().Done()
		return nil, req.Context().Err()
	})}
	calls := k.Yields(w.Profile) != principal.StaticKeys
	if _, err := open(t, k, w).Credentials(ctx); calls && err == nil {
		t.Error("credentials, of a call that was never answered")
	}
}

// sourceFails: the source's error is passed on.
func sourceFails(t *testing.T, k principal.Kind, w World) {
	if w.Env.Source == nil {
		return // the kind starts a chain
	}
	want := fob.Errorf(fob.ErrSignIn, "the source needs a sign-in").WithHint("fob login x")
	w.Env.Source = failing{want}
	if _, err := open(t, k, w).Credentials(t.Context()); !errors.Is(err, fob.ErrSignIn) || fob.HintOf(err) != "fob login x" {
		t.Errorf("%v, hint %q", err, fob.HintOf(err))
	}
}

type failing struct{ err error }

func (f failing) Credentials(context.Context) (fob.Credentials, error) {
	return fob.Credentials{}, f.err
}

// faults are answers that do not come from AWS: of a captive portal, a proxy, a broken server.
func faults() map[string]func(*http.Request) (*http.Response, error) {
	say := func(status int, contentType, body string) func(*http.Request) (*http.Response, error) {
		return func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
				Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body))}, nil
		}
	}
	return map[string]func(*http.Request) (*http.Response, error){
		"nobody":         func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") },
		"captive portal": say(200, "text/html", "<html><form action=/login></form></html>"),
		"empty":          say(200, "application/json", ""),
		"empty object":   say(200, "application/json", "{}"),
		"empty XML":      say(200, "text/xml", "<R/>"),
		"not found":      say(404, "text/plain", "no such page"),
		"garbage":        say(200, "application/json", "\x00\xff{"),
		"redirect":       say(302, "text/html", ""),
	}
}

// patience is longer than all retries of a call, also on a busy machine.
const patience = time.Minute

// answer: an answer that does not come from AWS gives an error that says so, with a hint and
// without secrets.
func answer(t *testing.T, k principal.Kind, w World, fault func(*http.Request) (*http.Response, error)) {
	called := false
	w.Env.HTTP = &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		called = true
		return fault(req)
	}), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var told []string
	tell := w.Env.UI.TellFunc
	w.Env.UI.TellFunc = func(ctx context.Context, text string) {
		told = append(told, text)
		if tell != nil {
			tell(ctx, text)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := open(t, k, w).Credentials(ctx)
	if ctx.Err() != nil {
		t.Fatal("nobody was told of the answer: it went on waiting")
	}
	if !called {
		return // it needs no call
	}
	var own *fob.Error
	if err == nil || !errors.As(err, &own) || fob.HintOf(err) == "" || errors.Is(err, fob.ErrInternal) {
		t.Fatalf("credentials %v, error %v, hint %q", c.AccessKeyID, err, fob.HintOf(err))
	}
	for _, text := range append(told, err.Error(), fob.HintOf(err), fmt.Sprintf("%+v", err)) {
		if i := slices.IndexFunc(w.Secrets, func(s string) bool { return s != "" && strings.Contains(text, s) }); i >= 0 {
			t.Errorf("a secret is shown")
		}
	}
}

func open(t *testing.T, k principal.Kind, w World) principal.Principal {
	t.Helper()
	p, err := k.Open(w.Profile, w.Env)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
