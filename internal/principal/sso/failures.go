package sso

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sso/types"
	oidc "github.com/aws/aws-sdk-go-v2/service/ssooidc/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"fob/internal/principal"
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

// isTransient reports whether a call found nobody, had no answer in time, lost it or met
// a fault of AWS's own. A page in AWS's place (a captive portal) does not go by waiting.
func isTransient(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) {
		return status(err) >= 500 || api.ErrorFault() == smithy.FaultServer
	}
	var send *smithyhttp.RequestSendError
	var answer *smithy.DeserializationError
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &send) || errors.As(err, &answer) && !strings.Contains(header(err).Get("Content-Type"), "html")
}

func code(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ""
	}
	return strings.TrimSuffix(api.ErrorCode(), "Exception")
}

func status(err error) int         { return principal.Response(err).StatusCode }
func header(err error) http.Header { return principal.Response(err).Header }
