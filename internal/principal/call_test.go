package principal_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"fob/internal/fob"
	"fob/internal/principal"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// drip is a body that yields one byte per second.
type drip struct {
	text string
	ctx  context.Context
}

func (d *drip) Read(p []byte) (int, error) {
	if d.text == "" {
		return 0, io.EOF
	}
	select {
	case <-time.After(time.Second):
		p[0], d.text = d.text[0], d.text[1:]
		return 1, nil
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
}

func (d *drip) Close() error { return nil }

// However slow a server is, a call ends after ten seconds.
func TestSlowServers(t *testing.T) {
	for name, serve := range map[string]roundTrip{
		"silent": func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		},
		"a byte a second": func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Request: req, Header: http.Header{"Content-Type": {"text/xml"}},
				Body: &drip{strings.Repeat("<R>", 1000), req.Context()}}, nil
		},
		"a fault of its own, late": func(req *http.Request) (*http.Response, error) {
			select {
			case <-time.After(4 * time.Second):
			case <-req.Context().Done():
				return nil, req.Context().Err()
			}
			return &http.Response{StatusCode: 503, Request: req, Header: http.Header{}, Body: http.NoBody}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				err := principal.Explain("x", "identity", identity(serve))
				if waited := time.Since(began); !errors.Is(err, fob.ErrNetwork) || fob.HintOf(err) == "" || waited > principal.ServerLimit+3*time.Second {
					t.Errorf("%v after %v", err, waited)
				}
			})
		})
	}
}

// A throttled call is repeated for as long as its caller has time.
func TestPaced(t *testing.T) {
	throttled := roundTrip(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 400, Request: req, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(
			`<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`))}, nil
	})
	synctest.Test(t, func(t *testing.T) {
		var limits principal.Limits
		began, calls := time.Now(), 0
		do := func() error {
			if calls++; time.Since(began) > 30*time.Second {
				return nil
			}
			return identity(throttled)
		}
		if err := principal.Paced(t.Context(), limits.For("sts", 0), do); err != nil || calls < 10 || calls > 600 {
			t.Errorf("%v after %d calls", err, calls)
		}
		began = time.Now().Add(time.Hour) // throttled for ever
		err := principal.Explain("x", "identity", principal.Paced(t.Context(), limits.For("sts", 0), do))
		if !errors.Is(err, fob.ErrNetwork) || !strings.Contains(err.Error(), "fewer requests") || fob.HintOf(err) == "" {
			t.Errorf("for ever: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		left := time.Now()
		if err := principal.Paced(ctx, limits.For("sts", 0), do); err == nil || time.Since(left) > 2*time.Second {
			t.Errorf("a caller that left: %v after %v", err, time.Since(left))
		}
	})
}

// identity makes one call and gives the SDK's own error.
func identity(serve http.RoundTripper) error {
	p := fob.Profile{Name: "x", Keys: map[string]string{"region": "eu-west-1"}}
	creds := fob.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: fob.NewSecret("FOBSECRETMARKERslow")}
	_, err := principal.STS(p, principal.Env{HTTP: &http.Client{Transport: serve}}, creds).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	return err
}

// The number of remembered limiters is bounded.
func TestLimitsAreBounded(t *testing.T) {
	t.Parallel()
	var limits principal.Limits
	one := limits.For("one", 0)
	if limits.For("one", 0) != one || limits.For("two", 0) == one {
		t.Error("not by name")
	}
	for i := range 10_000 {
		limits.For(strings.Repeat("x", i), 0)
	}
	if limits.For("one", 0) == one {
		t.Error("all are remembered")
	}
}
