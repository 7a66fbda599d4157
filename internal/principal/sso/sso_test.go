package sso

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/fakeaws"
	"fob/internal/fob"
	"fob/internal/principal"
)

// world is a sign-in at the fake, without a network between them, so that time is
// the test's. Whoever signs in does what visit does with a page.
type world struct {
	aws     *fakeaws.Server
	profile fob.Profile
	tokens  tokens
	visit   func(fob.Page)
	line    func(*http.Request) error // what happens to a request on its way
	answers chan url.Values           // of the page, to the listener

	onPurpose, deviceCode bool

	mu    sync.Mutex
	calls map[string][]time.Time // by path
	told  []string
}

func newWorld(accounts int) *world {
	w := &world{aws: fakeaws.New(fakeaws.Options{Now: time.Now}), tokens: tokens{}, calls: map[string][]time.Time{},
		answers: make(chan url.Values, 1),
		profile: fob.Profile{Name: "corp", Endpoints: map[string]string{"": "http://aws.test"}, Keys: map[string]string{
			"sso_start_url": "http://aws.test/start", "sso_region": "us-east-1"}}}
	w.aws.AddInstance(fakeaws.InstanceSpec{}).AddAccounts(accounts, 2)
	w.aws.SetSSO(func(s *fakeaws.SSOSettings) { s.Pages = fakeaws.PagesApprove })
	w.visit = w.browse
	return w
}

// byDevice is the same sign-in by code.
func (w *world) byDevice() *world {
	w.deviceCode = true
	return w
}

type tokens map[string]fob.Secret

func (t tokens) Get(name string) (fob.Secret, error) {
	if s, ok := t[name]; ok {
		return s, nil
	}
	return fob.Secret{}, fob.ErrNotFound
}

func (t tokens) Put(_ context.Context, name string, s fob.Secret) error {
	if t[name] = s; s.IsZero() {
		delete(t, name)
	}
	return nil
}

// RoundTrip gives a request to the fake; a fault that closes the connection does.
func (w *world) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	w.mu.Lock()
	w.calls[req.URL.Path] = append(w.calls[req.URL.Path], time.Now())
	line := w.line
	w.mu.Unlock()
	if line != nil {
		if err := line(req); err != nil {
			return nil, err
		}
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Host = req.URL.Host
	if req.Body == nil {
		req.Body = http.NoBody
	}
	defer func() {
		if recover() != nil {
			err = errors.New("connection reset by peer")
		}
	}()
	rec := httptest.NewRecorder()
	w.aws.ServeHTTP(rec, req)
	return rec.Result(), nil
}

func (w *world) count(path string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.calls[path])
}

// cut makes the line fail from now on for so long.
func (w *world) cut(span time.Duration) {
	until := time.Now().Add(span)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.line = func(*http.Request) error {
		if time.Now().Before(until) {
			return errors.New("connection refused")
		}
		return nil
	}
}

// browse opens a page and goes where that sends it.
func (w *world) browse(p fob.Page) {
	req, _ := http.NewRequest(http.MethodGet, p.URL, nil)
	resp, err := w.RoundTrip(req)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	if to, err := resp.Location(); err == nil {
		w.answers <- to.Query()
	}
}

func (w *world) URL() string { return "http://127.0.0.1:4711" + redirectPath }
func (w *world) Close()      {}
func (w *world) Wait(ctx context.Context) (url.Values, error) {
	select {
	case q := <-w.answers:
		return q, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *world) env() principal.Env {
	return principal.Env{OnPurpose: w.onPurpose, DeviceCode: w.deviceCode, HTTP: &http.Client{Transport: w}, Now: time.Now, Tokens: w.tokens,
		Listen: func(principal.Answer) (principal.Listener, error) { return w, nil },
		UI: fob.UI{OpenFunc: func(_ context.Context, p fob.Page) (<-chan struct{}, error) {
			w.visit(p)
			return nil, nil
		}, ReachFunc: func(context.Context) fob.Reach {
			return fob.Reach{Here: true}
		}, TellFunc: func(_ context.Context, message string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.told = append(w.told, message)
		}}}
}

func (w *world) login() (fob.Credentials, error) {
	return open(w.profile, w.env()).Credentials(context.Background())
}

func (w *world) mustLogin(t *testing.T) fob.Credentials {
	t.Helper()
	c, err := w.login()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *world) signOut(c fob.Credentials) error {
	return open(w.profile, w.env()).SignOut(context.Background(), c)
}

// says checks an error's kind, text and hint.
func says(t *testing.T, err, kind error, text, hint string) {
	t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), text) || !strings.Contains(fob.HintOf(err), hint) {
		t.Errorf("%v; hint: %s", err, fob.HintOf(err))
	}
}

// A registration that AWS has lost is replaced, once and by itself.
func TestLostRegistrationByCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1).byDevice()
		if err := w.signOut(w.mustLogin(t)); err != nil {
			t.Fatal(err)
		}
		w.mustLogin(t)
		if n := w.count("/client/register"); n != 1 {
			t.Errorf("%d registrations for two sign-ins", n)
		}
		w.tokens.Put(t.Context(), open(w.profile, w.env()).item("refresh"), fob.Secret{})
		w.aws.RevokeSSO(fakeaws.RevokeClients)
		w.mustLogin(t)
		if n := w.count("/client/register"); n != 2 {
			t.Errorf("%d registrations", n)
		}
		// It is lost while the page is open: another page, by another client.
		w.tokens.Put(t.Context(), open(w.profile, w.env()).item("refresh"), fob.Secret{})
		pages := 0
		w.visit = func(p fob.Page) {
			if pages++; pages == 1 {
				w.aws.RevokeSSO(fakeaws.RevokeClients)
			}
			w.browse(p)
		}
		w.mustLogin(t)
		if pages != 2 {
			t.Errorf("%d pages", pages)
		}
		// And no more than once.
		w.tokens.Put(t.Context(), open(w.profile, w.env()).item("refresh"), fob.Secret{})
		w.aws.Fail(fakeaws.Fault{Kind: fakeaws.FaultError, Action: "StartDeviceAuthorization", Status: 401, Code: "InvalidClientException"})
		before := w.count("/client/register")
		_, err := w.login()
		says(t, err, fob.ErrRefused, "InvalidClientException", "")
		if n := w.count("/client/register") - before; n != 1 {
			t.Errorf("%d registrations for one sign-in", n)
		}
	})
}

// In a browser AWS says so on its page, where fob cannot see it.
func TestLostRegistrationInABrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1)
		if err := w.signOut(w.mustLogin(t)); err != nil {
			t.Fatal(err)
		}
		w.aws.RevokeSSO(fakeaws.RevokeClients)
		began := time.Now()
		_, err := w.login()
		says(t, err, fob.ErrSignIn, "nobody signed in to corp within 5 minutes", "fob login corp")
		if gone := time.Since(began); gone != signInLimit {
			t.Errorf("it took %v", gone)
		}
		w.mustLogin(t)

		w.aws.RevokeSSO(fakeaws.RevokeClients)
		w.onPurpose = true // fob login --force
		if err := w.signOut(fob.Credentials{}); err != nil {
			t.Fatal(err)
		}
		w.mustLogin(t)

		// Lost between the page and the exchange.
		w.tokens.Put(t.Context(), open(w.profile, w.env()).item("refresh"), fob.Secret{})
		pages := 0
		w.visit = func(p fob.Page) {
			w.browse(p)
			if pages++; pages == 1 {
				w.aws.RevokeSSO(fakeaws.RevokeClients)
			}
		}
		w.mustLogin(t)
		if pages != 2 {
			t.Errorf("%d pages", pages)
		}
	})
}

// The page's own refusals.
func TestThePageRefuses(t *testing.T) {
	for answer, want := range map[string]struct {
		kind       error
		text, hint string
	}{
		"error=access_denied": {fob.ErrCancelled, "denied on the page", "fob login corp"},
		"error=invalid_scope": {fob.ErrRefused, "(invalid_scope)", "sso_registration_scopes"},
		"error=server_error":  {fob.ErrNetwork, "a fault of its own", "fob login corp"},
		"error=%1b[31mred":    {fob.ErrRefused, "came back without a sign-in", "fob login corp"},
		"":                    {fob.ErrRefused, "came back without a sign-in", "fob login corp"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(1)
			w.visit = func(fob.Page) {
				q, _ := url.ParseQuery(answer)
				w.answers <- q
			}
			_, err := w.login()
			says(t, err, want.kind, want.text, want.hint)
		})
	}
	synctest.Test(t, func(t *testing.T) { // the client is not one for this: with another it works
		w := newWorld(1)
		s := open(w.profile, w.env())
		if _, err := s.register(t.Context()); err != nil {
			t.Fatal(err)
		}
		pages := 0
		w.visit = func(p fob.Page) {
			if pages++; pages > 1 {
				w.browse(p)
				return
			}
			w.answers <- url.Values{"error": {"unauthorized_client"}}
		}
		w.mustLogin(t)
	})
}

// A refresh token is of use to its client only: without that a person is needed,
// and a shell's prompt says so.
func TestLostRegistrationAtARenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1)
		w.mustLogin(t)
		if open(w.profile, w.env()).Asks() {
			t.Error("a sign-in with a refresh token would ask")
		}
		w.aws.RevokeSSO(fakeaws.RevokeClients)
		nobody := w.env()
		nobody.UI = fob.UI{}
		_, err := open(w.profile, nobody).Credentials(t.Context())
		says(t, err, fob.ErrNobody, "not signed in to corp", "fob login corp")
		if len(w.tokens) != 0 || !open(w.profile, nobody).Asks() {
			t.Errorf("%d tokens are left", len(w.tokens))
		}
		w.mustLogin(t)
		// An error that is about neither leaves both.
		w.aws.Fail(fakeaws.Fault{Kind: fakeaws.FaultUnavailable, Action: "CreateToken", Times: 3})
		if _, err := w.login(); !errors.Is(err, fob.ErrNetwork) || len(w.tokens) != 2 {
			t.Errorf("%v; %d tokens are left", err, len(w.tokens))
		}
	})
}

// RFC 8628: every five seconds if AWS does not say, less often when it asks for
// that, and a line that is down for a while ends nothing.
func TestAskingForADevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1).byDevice()
		w.aws.SetSSO(func(s *fakeaws.SSOSettings) { s.Interval, s.Pages = 0, fakeaws.PagesAsk })
		w.visit = func(fob.Page) {
			time.AfterFunc(18*time.Second, func() { w.aws.AnswerDevice("", true) })
		}
		began := time.Now()
		w.mustLogin(t)
		if n := w.count("/token"); n != 4 || time.Since(began) != 20*time.Second {
			t.Errorf("asked %d times in %v", n, time.Since(began))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1).byDevice()
		w.aws.SetSSO(func(s *fakeaws.SSOSettings) { s.Pages = fakeaws.PagesAsk })
		w.visit = func(fob.Page) {
			w.cut(2 * time.Minute)
			time.AfterFunc(time.Minute, func() { w.aws.AnswerDevice("", true) })
		}
		w.mustLogin(t)
		if n := w.count("/token"); n > 40 {
			t.Errorf("asked %d times", n)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1).byDevice()
		w.aws.SetSSO(func(s *fakeaws.SSOSettings) { s.Pages = fakeaws.PagesAsk })
		w.visit = func(fob.Page) {}
		began := time.Now()
		_, err := w.login()
		says(t, err, fob.ErrSignIn, "nobody signed in to corp within 10 minutes", "fob login corp")
		if gone := time.Since(began); gone > 10*time.Minute {
			t.Errorf("it took %v", gone)
		}
		// AWS's clock is ahead: its word counts.
		w.visit = func(fob.Page) { w.aws.Advance(time.Hour) }
		_, err = w.login()
		says(t, err, fob.ErrSignIn, "nobody signed in to corp within 10 minutes", "fob login corp")
	})
}

func TestFreshCodeIsNotTaken(t *testing.T) {
	for _, w := range []func() *world{func() *world { return newWorld(1) }, func() *world { return newWorld(1).byDevice() }} {
		synctest.Test(t, func(t *testing.T) {
			w := w()
			w.aws.Fail(fakeaws.Fault{Kind: fakeaws.FaultError, Action: "CreateToken", Code: "InvalidGrantException", Times: 1})
			_, err := w.login()
			says(t, err, fob.ErrSignIn, "sign-in corp: AWS did not take the page's answer (InvalidGrant)", "fob login corp")
		})
	}
}

// Signing out ends the sign-in at AWS whatever is left of it here.
func TestSignOutEndsItAtAWS(t *testing.T) {
	for name, prepare := range map[string]func(*world, *fob.Credentials){
		"as it is":           func(*world, *fob.Credentials) {},
		"no access token":    func(_ *world, c *fob.Credentials) { *c = fob.Credentials{} },
		"dead access token":  func(w *world, _ *fob.Credentials) { w.aws.RevokeSSO(fakeaws.RevokeAccess) },
		"no refresh token":   func(w *world, _ *fob.Credentials) { w.aws.RevokeSSO(fakeaws.RevokeRefresh) },
		"expired everything": func(w *world, _ *fob.Credentials) { time.Sleep(9 * time.Hour) },
		"ended at AWS":       func(w *world, _ *fob.Credentials) { w.aws.RevokeSSO(fakeaws.RevokeSessions) },
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(1)
			c := w.mustLogin(t)
			refresh, err := w.tokens.Get(open(w.profile, w.env()).item("refresh"))
			if err != nil {
				t.Fatal(err)
			}
			prepare(w, &c)
			if err := w.signOut(c); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if len(w.tokens) != 1 {
				t.Errorf("%s: %d tokens are kept, want the registration", name, len(w.tokens))
			}
			// Whoever had copied the refresh token has nothing of it.
			s := open(w.profile, w.env())
			w.tokens[s.item("refresh")] = refresh
			w.visit = func(fob.Page) { w.answers <- url.Values{"error": {"access_denied"}} }
			if _, err := s.Credentials(t.Context()); !errors.Is(err, fob.ErrCancelled) {
				t.Errorf("%s: it goes on: %v", name, err)
			}
		})
	}
}

func TestSignOutWithoutAWS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, kept := range []bool{true, false} {
			w := newWorld(1)
			c := w.mustLogin(t)
			if !kept {
				c = fob.Credentials{}
			}
			w.cut(time.Hour)
			err := w.signOut(c)
			says(t, err, fob.ErrNetwork, "signed out of corp here, but AWS could not be told: sign-out corp: ", "http://aws.test/start")
			if len(w.tokens) != 1 {
				t.Errorf("%d tokens are kept, want the registration", len(w.tokens))
			}
		}
	})
}
