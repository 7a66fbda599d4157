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

// isDead reports whether AWS refused the refresh token or the authorization code itself.
func isDead(err error) bool {
	var grant *oidc.InvalidGrantException
	var expired *oidc.ExpiredTokenException
	return errors.As(err, &grant) || errors.As(err, &expired)
}

// clientGone reports whether AWS no longer knows our client registration, or not for this grant, so
// that registering again may help.
func clientGone(err error) bool {
	var unknown *oidc.InvalidClientException
	var wrong *oidc.UnauthorizedClientException
	return errors.As(err, &unknown) || errors.As(err, &wrong)
}

// noAccess reports whether the portal says that the user has no access to an account, or that it no
// longer exists. ForbiddenException is not in the service's model.
func noAccess(err error) bool {
	var gone *types.ResourceNotFoundException
	return errors.As(err, &gone) || status(err) == http.StatusForbidden && code(err) == "Forbidden"
}

// isTransient reports whether a call could not connect, timed out, lost its connection or met a
// fault of AWS's. A web page in place of AWS's answer (a captive portal) does not count: waiting
// does not help.
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
