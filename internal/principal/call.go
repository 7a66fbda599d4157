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

// ServerLimit is how long one operation may take, with all attempts: whoever waits for
// credentials should learn that a server does not answer while there is time to act.
const ServerLimit = 10 * time.Second

// queueLimit is how long a call waits for its turn while AWS asks for fewer calls. SDKs
// give a credential_process a minute.
const queueLimit = 45 * time.Second

// Limited are the options of a client of the SDK's whose operations end after
// [ServerLimit].
func Limited() []func(*middleware.Stack) error {
	limit := middleware.InitializeMiddlewareFunc("ServerLimit", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		ctx, cancel := context.WithTimeout(ctx, ServerLimit)
		defer cancel()
		return next.HandleInitialize(ctx, in)
	})
	return []func(*middleware.Stack) error{func(s *middleware.Stack) error { return s.Initialize.Add(limit, middleware.Before) }}
}

// Retryer has the SDK try a call so often where that may help at once. Where AWS asks for
// fewer calls it does not: [Paced] waits for that.
func Retryer(attempts int) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			if Throttled(err) {
				return aws.FalseTernary
			}
			return aws.UnknownTernary
		})}, o.Retryables...)
	})
}

// Paced makes a call when the limiter lets it, and again for as long as AWS asks for
// fewer calls and the caller has time.
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

// Throttled reports whether AWS asks for fewer calls. It goes by the code: not all of
// them come with status 429.
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

// MaxPause bounds what AWS may ask for.
const MaxPause = time.Minute

// RetryAfter is the pause that AWS asks for; zero if it names none.
func RetryAfter(err error) time.Duration {
	n, convErr := strconv.Atoi(Response(err).Header.Get("Retry-After"))
	if convErr != nil || n < 0 {
		return 0
	}
	return time.Duration(min(n, int(MaxPause/time.Second))) * time.Second
}

// Response is the answer that an error of a call came with, empty if there was none.
func Response(err error) *http.Response {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil && resp.Response.Response != nil {
		return resp.Response.Response
	}
	return &http.Response{}
}
