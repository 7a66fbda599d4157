package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/fob"
	"fob/internal/principal"
)

// said is a server's answer with a Date that is off by so much.
func said(off time.Duration, status int, verified bool) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		resp := &http.Response{StatusCode: status, Request: req, Body: io.NopCloser(strings.NewReader("")),
			Header: http.Header{"Date": {time.Now().Add(off).UTC().Format(http.TimeFormat)}}}
		if verified {
			resp.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{}}}}
		}
		return resp, nil
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// asking has the world's principals make a call before they yield what lasts so long by
// the clock of a server that is off by so much.
func asking(w *world, off, lasts time.Duration) {
	w.retrieve = func(ctx context.Context, _ fob.Profile, env principal.Env) (fob.Credentials, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://sts.example.com/", nil)
		if err != nil {
			return fob.Credentials{}, err
		}
		resp, err := env.HTTP.Do(req)
		if err != nil {
			return fob.Credentials{}, err
		}
		_ = resp.Body.Close()
		return lasting(off + lasts), nil
	}
}

// A server's Date counts only where TLS says whose it is and the call was accepted, and
// then for that retrieval alone: expired credentials of another profile stay expired.
func TestOneServersClockIsNoOtherProfiles(t *testing.T) {
	for name, tt := range map[string]struct {
		off      time.Duration
		status   int
		verified bool
		skew     time.Duration
	}{
		"an emulator in a drifted VM": {-20 * time.Minute, 200, false, 0},
		"a captive portal":            {-6 * 365 * 24 * time.Hour, 302, true, 0},
		"a refusal":                   {-6 * 365 * 24 * time.Hour, 403, true, 0},
		"AWS":                         {-20 * time.Minute, 200, true, -20 * time.Minute},
		"AWS, about right":            {-20 * time.Second, 200, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.profile("other", "aws_access_key_id", "AKIAOTHER")
				if _, err := w.ask("jane", fob.UI{}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(50 * time.Minute)
				w.HTTP = func(fob.Network) *http.Client { return &http.Client{Transport: said(tt.off, tt.status, tt.verified)} }
				asking(w, 0, 2*time.Hour)
				c, err := w.ask("other", fob.UI{})
				if err != nil || c.Skew != tt.skew {
					t.Errorf("skew %v, %v", c.Skew, err)
				}
				if at := c.SigningTime(time.Now()); time.Until(at) != tt.skew {
					t.Errorf("signs as of %v", at)
				}
				time.Sleep(11 * time.Minute)
				plan, err := w.Plan(fob.Request{Profile: "jane"})
				if err != nil {
					t.Fatal(err)
				}
				if e, ok := w.Have(plan); ok {
					t.Errorf("jane's credentials of 61 minutes ago: until %v, and it is %v", e.Expiration, time.Now())
				}
				w.Forget()
			})
		})
	}
}

// The end of credentials is told by this computer's clock, right for as long as AWS
// takes them, wherever the computer's clock stands.
func TestExpiryByThisComputersClock(t *testing.T) {
	for _, off := range []time.Duration{0, 2 * time.Hour, -2 * time.Hour, -1000 * 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.HTTP = func(fob.Network) *http.Client { return &http.Client{Transport: said(off, 200, true)} }
			asking(w, off, time.Hour)
			c, err := w.ask("jane", fob.UI{})
			if err != nil || time.Until(c.Expiration) != time.Hour {
				t.Errorf("%v off: expires %v, %v", off, c.Expiration, err)
			}
			w.Flush()
			again := newWorld()
			again.sealed = w.sealed
			if kept, err := again.ask("jane", fob.UI{}); err != nil || kept.Skew != c.Skew || again.calls.Load() != 0 {
				t.Errorf("after a restart: skew %v, %v", kept.Skew, err)
			}
			w.Forget()
			again.Forget()
		})
	}
}

// What a server claims is cut to what was asked for; what has expired is refused, and
// never as a fault of fob's.
func TestAbsurdExpiries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, end := range map[string]time.Time{
			"year 9999": time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
			"2^31 s":    time.Now().Add(math.MaxInt32 * time.Second),
			"2^62 ms":   time.UnixMilli(1 << 62),
			"an hour":   time.Now().Add(time.Hour),
			"2 hours":   time.Now().Add(2 * time.Hour),
		} {
			w := newWorld()
			w.retrieve = func(context.Context, fob.Profile, principal.Env) (fob.Credentials, error) {
				c := lasting(time.Hour)
				c.Expiration = end
				return c, nil
			}
			for i := range w.Kinds {
				w.Kinds[i].Lasts = principal.Asked(time.Hour)
			}
			c, err := w.ask("jane", fob.UI{})
			if err != nil || time.Until(c.Expiration) != time.Hour {
				t.Errorf("%s: until %v, %v", name, c.Expiration, err)
			}
			w.Forget()
		}
		for name, end := range map[string]time.Time{
			"year 1":             time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC),
			"seconds as ms":      time.UnixMilli(time.Now().Unix()),
			"now":                time.Now(),
			"a minute ago":       time.Now().Add(-time.Minute),
			"the least of int64": time.UnixMilli(math.MinInt64 / 4),
		} {
			w := newWorld()
			w.retrieve = func(context.Context, fob.Profile, principal.Env) (fob.Credentials, error) {
				c := lasting(time.Hour)
				c.Expiration = end
				return c, nil
			}
			_, err := w.ask("jane", fob.UI{})
			if !errors.Is(err, fob.ErrRefused) || !strings.Contains(err.Error(), "expired already") || fob.HintOf(err) == "" {
				t.Errorf("%s: %v", name, err)
			}
			w.Forget()
		}
	})
}

// A clock that was set back while no agent ran makes nothing younger.
func TestAnEntryOfTheFutureIsDead(t *testing.T) {
	t.Parallel()
	now := time.Now()
	e := &entry{creds: fob.Credentials{Expiration: now.Add(3 * time.Hour)}, obtained: now.Add(2 * time.Hour)}
	if left := e.remaining(now); left > 0 {
		t.Errorf("%v left", left)
	}
}
