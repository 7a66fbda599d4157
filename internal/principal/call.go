package principal

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"fob/internal/fob"
)

// ServerLimit is how long one operation may take with all its attempts. Callers should learn that a
// server does not answer before they give up themselves.
const ServerLimit = 10 * time.Second

// queueLimit is how long a call waits for its turn while AWS throttles. SDKs give a
// credential_process a minute.
const queueLimit = 45 * time.Second

// Limited returns options for clients of the SDK, whose operations then end after [ServerLimit].
func Limited() []func(*middleware.Stack) error {
	limit := middleware.InitializeMiddlewareFunc("ServerLimit", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		ctx, cancel := context.WithTimeout(ctx, ServerLimit)
		defer cancel()
		return next.HandleInitialize(ctx, in)
	})
	return []func(*middleware.Stack) error{func(s *middleware.Stack) error { return s.Initialize.Add(limit, middleware.Before) }}
}

// Retryer lets the SDK repeat a call so many times, except when AWS throttles: [Paced] handles
// that.
func Retryer(attempts int) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			var own *fob.Error // of the way to AWS: a proxy, a certificate
			if Throttled(err) || errors.As(err, &own) {
				return aws.FalseTernary
			}
			return aws.UnknownTernary
		})}, o.Retryables...)
	})
}

// Paced makes a call when the limiter allows it, and repeats it while AWS throttles and the caller
// has time.
func Paced(ctx context.Context, l *Limiter, do func() error) error {
	queue, cancel := context.WithTimeout(ctx, queueLimit)
	defer cancel()
	var last error
	for {
		if err := l.Wait(queue); err != nil {
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case last != nil:
				return last
			}
			return fob.Errorf(fob.ErrNetwork, "too many calls wait for AWS already, which takes only so many a second").WithHint("try again in a minute")
		}
		if last = do(); !Throttled(last) {
			if last == nil {
				l.OK()
			}
			return last
		}
		l.Slow(RetryAfter(last))
	}
}

// Throttled reports whether AWS throttled a call. It uses the error code, because not all such
// errors have status 429.
func Throttled(err error) bool {
	if err == nil {
		return false
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		for _, begin := range []string{"SlowDown", "Throttl", "TooManyRequests", "RequestLimitExceeded", "RequestThrottled"} {
			if strings.HasPrefix(api.ErrorCode(), begin) {
				return true
			}
		}
	}
	return Response(err).StatusCode == http.StatusTooManyRequests
}

// MaxPause is the longest pause accepted from AWS.
const MaxPause = time.Minute

// RetryAfter returns the pause that AWS asks for; zero if it gives none.
func RetryAfter(err error) time.Duration {
	n, convErr := strconv.Atoi(Response(err).Header.Get("Retry-After"))
	if convErr != nil || n < 0 {
		return 0
	}
	return time.Duration(min(n, int(MaxPause/time.Second))) * time.Second
}

// Response returns the HTTP answer of a failed call; empty if there was none.
func Response(err error) *http.Response {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil && resp.Response.Response != nil {
		return resp.Response.Response
	}
	return &http.Response{}
}
