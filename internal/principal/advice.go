package principal

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"unicode"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"fob/internal/fob"
)

// mfaNeeded explains that an MFA code is needed and nobody could be asked.
func mfaNeeded(profile, serial string, err error) error {
	if errors.Is(err, fob.ErrNobody) {
		return &fob.Error{Kind: fob.ErrNobody, Cause: err,
			Message: fmt.Sprintf("profile %q needs an MFA code of %s, and there is no terminal to ask at", profile, serial),
			Hint:    "in a terminal: fob whoami " + profile}
	}
	return err
}

// IsMFARefusal reports whether STS refused the code itself (wrong, or used before). Only the text
// of the error distinguishes that from other AccessDenied errors.
func IsMFARefusal(err error) bool {
	return strings.Contains(apiMessage(err), "invalid MFA one time pass code")
}

// IsExpired reports whether AWS said that the credentials of a call have expired or were revoked,
// so that retrieving new ones may help.
func IsExpired(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && (strings.HasPrefix(api.ErrorCode(), "ExpiredToken") || api.ErrorCode() == "UnauthorizedException")
}

func apiMessage(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

type advice struct {
	code, text string
	kind       error
	message    string
	hint       string
}

// said is replaced by AWS's own text, at the end of an advice's message. It is used where only that
// text says what is wrong.
const said = ": SAID"

// advices maps an error code, and a part of its text, to what the user can do. The first match
// applies. Sources: the error tables of the STS API reference, and field reports; the codes of
// query and JSON services differ.
func advices() []advice {
	return []advice{
		{"AccessDenied", "invalid MFA one time pass code", fob.ErrSignIn, "the MFA code is wrong or was used before", "wait for the next code and check the computer's clock"},
		{"AccessDenied", "unable to validate MFA code", fob.ErrRefused, "mfa_serial is not a device of this user", "fob show NAME, and compare mfa_serial with the IAM console"},
		{"AccessDenied", "must provide both MFA serial number", fob.ErrSignIn, "an MFA code is required", "set mfa_serial in the profile"},
		{"AccessDenied", "with session credentials", fob.ErrRefused, "AWS makes sessions from a user's own keys only, and these keys are a session's", "KEYS, to the user's own"},
		{"AccessDenied", "sts:TagSession", fob.ErrRefused, "the role's trust policy does not allow session tags (sts:TagSession)", "remove session_tags, or allow sts:TagSession in the trust policy"},
		{"AccessDenied", "sts:SetSourceIdentity", fob.ErrRefused, "the role's trust policy does not allow a source identity (sts:SetSourceIdentity)", "remove source_identity, or allow sts:SetSourceIdentity in the trust policy"},
		{"AccessDenied", "sts:AssumeRole", fob.ErrRefused, "not allowed to assume the role: its trust policy, the caller's policy, a missing external id or MFA, or the role does not exist (AWS does not say which)", "fob show NAME, and compare with the role's trust policy"},
		{"AccessDenied", "", fob.ErrRefused, "AWS denied access", "check the policies of the user or role"},
		{"ValidationError", "1 hour session limit for roles assumed by role chaining", fob.ErrRefused, "AWS limits a role assumed from another session to one hour", "set duration_seconds = 3600"},
		{"ValidationError", "MaxSessionDuration", fob.ErrRefused, "duration_seconds is longer than the role's maximum session duration", "set duration_seconds = 3600, or raise the role's maximum"},
		{"ValidationError", "", fob.ErrUsage, "AWS refused a parameter" + said, "fob show NAME"},
		{"InvalidParameterValue", "conflicts with a transitive tag key", fob.ErrUsage, "a session tag has the key of one that the profile's source passes on, which AWS does not let a role set again", "remove that key from session_tags of NAME, or from transitive_session_tags of its source"},
		{"InvalidParameterValue", "must be included in the requested tags", fob.ErrUsage, "transitive_session_tags names a key that is not among session_tags", "add it to session_tags, or remove it from transitive_session_tags"},
		{"InvalidParameterValue", "", fob.ErrUsage, "AWS refused a parameter" + said, "fob show NAME"},
		{"ExpiredToken", "", fob.ErrRefused, "the credentials used for the call have expired", "try again; if it persists check the computer's clock"},
		{"InvalidClientTokenId", "", fob.ErrRefused, "AWS does not know the access key: deleted, inactive, of another partition, or an IAM call with a session that had no MFA", "check the key in the IAM console, then KEYS"},
		{"SignatureDoesNotMatch", "Signature expired", fob.ErrRefused, "the computer's clock is wrong", "set the clock (timedatectl set-ntp true)"},
		{"SignatureDoesNotMatch", "not yet current", fob.ErrRefused, "the computer's clock is wrong", "set the clock (timedatectl set-ntp true)"},
		{"SignatureDoesNotMatch", "", fob.ErrRefused, "the secret access key does not belong to the access key id", "KEYS"},
		{"RegionDisabledException", "", fob.ErrRefused, "STS is not active in this region for the account", "set another region in the profile"},
		{"PackedPolicyTooLarge", "", fob.ErrUsage, "session policy and tags are too large together", "shorten role_policy or session_tags"},
		{"MalformedPolicyDocument", "", fob.ErrUsage, "the session policy is not a valid policy", "check role_policy"},
		{"Unauthorized", "", fob.ErrSignIn, "the sign-in has ended", "fob login NAME"},
		{"Forbidden", "", fob.ErrRefused, "the role is not assigned to you, or not any more", "fob sync, then fob list"},
		{"ResourceNotFound", "", fob.ErrRefused, "there is no such account or role", "fob sync, then fob list"},
		{"InvalidGrant", "", fob.ErrSignIn, "the sign-in has ended", "fob login NAME"},
		{"TooManyRequests", "", fob.ErrNetwork, "AWS asks for fewer requests", "try again in a minute"},
		{"SlowDown", "", fob.ErrNetwork, "AWS asks for fewer requests", "try again in a minute"},
		{"Throttling", "", fob.ErrNetwork, "AWS asks for fewer requests", "try again in a minute"},
		{"RequestLimitExceeded", "", fob.ErrNetwork, "AWS asks for fewer requests", "try again in a minute"},
	}
}

// Explain turns an error of an AWS call into one line of advice with AWS's code and request id. Of
// AWS's free text, which may quote parameters, it shows only STS's, and only where nothing else
// says what is wrong: no parameter that fob sends to STS is a secret.
func Explain(profile, what string, err error) error {
	return explain(profile, "correct the keys", what, err)
}

// ExplainKeys is Explain for a call that may have failed because of its keys; keys says how to
// correct them.
func ExplainKeys(profile, keys, what string, err error) error {
	return explain(profile, keys, what, err)
}

func explain(profile, keys, what string, err error) error {
	if err == nil {
		return nil
	}
	if _, own := err.(*fob.Error); own { //nolint:errorlint // what is deeper in the chain is of the transport
		return err
	}
	var own *fob.Error
	if errors.As(err, &own) {
		return &fob.Error{Kind: own.Kind, Message: what + ": " + own.Message, Hint: fob.HintOf(own), Cause: err}
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return explainAPI(strings.NewReplacer("NAME", profile, "KEYS", keys), what, api, err)
	}
	return explainTransport(what, err)
}

func explainAPI(hint *strings.Replacer, what string, api smithy.APIError, err error) error {
	suffix := " (" + api.ErrorCode()
	var resp *smithyhttp.ResponseError
	status := 0
	if errors.As(err, &resp) {
		status = resp.HTTPStatusCode()
		if id := resp.Response.Header.Get("X-Amzn-Requestid"); id != "" && len(id) < 80 {
			suffix += ", request " + id
		}
	}
	suffix += ")"
	text := ""
	var op *smithy.OperationError
	if errors.As(err, &op) && op.Service() == "STS" {
		text = oneLine(api.ErrorMessage())
	}
	code := strings.TrimSuffix(api.ErrorCode(), "Exception")
	for _, a := range advices() {
		if strings.TrimSuffix(a.code, "Exception") == code && strings.Contains(api.ErrorMessage(), a.text) {
			return &fob.Error{Kind: a.kind, Message: what + ": " + quoting(a.message, text) + suffix, Hint: hint.Replace(a.hint), Cause: err}
		}
	}
	if status >= 500 || api.ErrorFault() == smithy.FaultServer {
		return &fob.Error{Kind: fob.ErrNetwork, Message: what + ": AWS had a fault of its own" + suffix, Hint: "try again in a minute", Cause: err}
	}
	return &fob.Error{Kind: fob.ErrRefused, Message: what + ": " + quoting("AWS refused"+said, text) + suffix, Hint: "see what the code means in AWS's documentation", Cause: err}
}

// quoting inserts AWS's text into an advice's message, if that has a place for it.
func quoting(message, text string) string {
	rest, quotes := strings.CutSuffix(message, said)
	if quotes && text != "" {
		return rest + ": " + text
	}
	return rest
}

// longest is the maximum length of AWS's text that is shown, in characters.
const longest = 200

// oneLine makes untrusted text safe to print: one line of visible characters, of limited length.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
	text = strings.TrimRight(strings.Join(strings.Fields(text), " "), ".")
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return text
}

func explainTransport(what string, err error) error {
	e := &fob.Error{Kind: fob.ErrNetwork, Hint: "check the network, then try again", Cause: err}
	var dns *net.DNSError
	var op *net.OpError
	var de *smithy.DeserializationError
	var to *url.Error
	switch {
	case errors.As(err, &to) && CheckURL(to.URL) != nil: // nothing was sent
		e.Kind, e.Message, e.Hint = fob.ErrUsage, what+": endpoint_url "+CheckURL(to.URL).Error(), "correct it in the profile, or in its section of services"
	case errors.Is(err, context.Canceled):
		e.Kind, e.Message = fob.ErrCancelled, what+": cancelled"
	case errors.Is(err, context.DeadlineExceeded) || isTimeout(err):
		e.Message = fmt.Sprintf("%s: no answer within %d seconds", what, int(ServerLimit.Seconds()))
	case errors.As(err, &dns):
		e.Message, e.Hint = what+": cannot find the host "+dns.Name, "check the network and the profile's region, then try again"
	case errors.As(err, &op) && errors.As(err, &to):
		e.Message = what + ": cannot reach " + host(to.URL)
	case errors.As(err, &op):
		e.Message = what + ": the server cannot be reached"
	case errors.As(err, &de):
		e.Message = what + ": the answer is not AWS's"
		e.Hint = "check that no proxy or captive portal answers in AWS's place"
	default:
		e.Message = what + ": the call failed"
	}
	return e
}

// host is the host in a URL that was called.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the server"
	}
	return u.Host
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
