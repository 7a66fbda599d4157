package sso

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sso/types"
	oidc "github.com/aws/aws-sdk-go-v2/service/ssooidc/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// isDead reports whether AWS refused the refresh token or the code itself.
func isDead(err error) bool {
	var grant *oidc.InvalidGrantException
	var expired *oidc.ExpiredTokenException
	return errors.As(err, &grant) || errors.As(err, &expired)
}

// clientGone reports whether AWS no longer knows our client, or not for what we
// want of it: another registration is worth a try.
func clientGone(err error) bool {
	var unknown *oidc.InvalidClientException
	var wrong *oidc.UnauthorizedClientException
	return errors.As(err, &unknown) || errors.As(err, &wrong)
}

// noAccess reports whether the portal says that an account has nothing for this
// user, or is gone. ForbiddenException is not in the service's model.
func noAccess(err error) bool {
	var gone *types.ResourceNotFoundException
	return errors.As(err, &gone) || status(err) == http.StatusForbidden && code(err) == "Forbidden"
}

// isThrottled goes by the code: not all of them come with status 429.
func isThrottled(err error) bool {
	for _, begin := range []string{"SlowDown", "Throttl", "TooManyRequests", "RequestLimitExceeded", "RequestThrottled"} {
		if strings.HasPrefix(code(err), begin) {
			return true
		}
	}
	return status(err) == http.StatusTooManyRequests
}

// isTransient reports whether a call found nobody, lost its answer or met a fault
// of AWS's own. A page in AWS's place (a captive portal) does not go by waiting.
func isTransient(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) {
		return status(err) >= 500 || api.ErrorFault() == smithy.FaultServer
	}
	var send *smithyhttp.RequestSendError
	var answer *smithy.DeserializationError
	return errors.As(err, &send) || errors.As(err, &answer) && !strings.Contains(header(err).Get("Content-Type"), "html")
}

func code(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ""
	}
	return strings.TrimSuffix(api.ErrorCode(), "Exception")
}

func response(err error) *http.Response {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil && resp.Response.Response != nil {
		return resp.Response.Response
	}
	return &http.Response{}
}

func status(err error) int         { return response(err).StatusCode }
func header(err error) http.Header { return response(err).Header }

// maxPause bounds what AWS may ask for.
const maxPause = time.Minute

func retryAfter(err error) time.Duration {
	n, convErr := strconv.Atoi(header(err).Get("Retry-After"))
	if convErr != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, maxPause)
}
