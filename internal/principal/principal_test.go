package principal_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/principal/all"
)

func TestChecks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind, key, value string
		ok               bool
	}{
		{"user", "aws_access_key_id", "AKIAIOSFODNN7EXAMPLE", true},
		{"user", "aws_access_key_id", "akia", false},
		{"user", "duration_seconds", "129600", true},
		{"user", "duration_seconds", "129601", false},
		{"user", "user_session", "always", true}, {"user", "user_session", "sometimes", false},
		{"role", "role_arn", "arn:aws-cn:iam::111122223333:role/path/R", true},
		{"role", "role_arn", "arn:aws:iam::111122223333:user/R", false},
		{"role", "role_arn", "role", false},
		{"role", "role_arn", "arn:aws:iam::11112222333:role/R", false},
		{"role", "role_arn", "arn:aws:iam::11112222333x:role/R", false},
		{"role", "role_arn", "arn:aws:iam:::role/R", false},
		{"role", "role_arn", "arn:aws:iam::111122223333:role/", false},
		{"role", "endpoint_url", "https://sts.example.com", true},
		{"role", "endpoint_url", "http://127.0.0.1:4566/sts", true},
		{"role", "endpoint_url", "foo", false},
		{"role", "endpoint_url", "localhost:4566", false},
		{"role", "endpoint_url", "ftp://x", false},
		{"role", "endpoint_url", "http://:80", false},
		{"role", "endpoint_url", "://", false},
		{"role", "duration_seconds", "43200", true},
		{"role", "duration_seconds", "899", false},
		{"role", "duration_seconds", "1h", false},
		{"role", "external_id", strings.Repeat("x", 1224), true},
		{"role", "external_id", strings.Repeat("x", 1225), false},
		{"role", "external_id", "a b", false},
		{"role", "session_tags", "a=b, c=d", true},
		{"role", "session_tags", "a", false},
		{"role", "role_policy", "{}", true},
		{"role", "role_policy", "{" + strings.Repeat(" ", 2048), false},
		{"role", "source_identity", "x", false},
	} {
		for _, k := range all.Kinds() {
			for _, f := range k.Accepts() {
				if k.Name == tt.kind && f.Key == tt.key && (f.Check(tt.value) == nil) != tt.ok {
					t.Errorf("%s %s = %.40q: %v", tt.kind, tt.key, tt.value, f.Check(tt.value))
				}
			}
		}
	}
}

// Errors do not contain AWS's free text, which may quote parameters, if there is advice or the
// service is not STS.
func TestAdvice(t *testing.T) {
	t.Parallel()
	const secret = "FOBSECRETMARKERadvice"
	for _, tt := range []struct {
		code, text string
		kind       error
		says       string
	}{
		{"AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ", fob.ErrSignIn, "used before"},
		{"AccessDenied", "User: x is not authorized to perform: sts:AssumeRole on resource: y", fob.ErrRefused, "trust policy"},
		{"AccessDenied", "not authorized to perform: sts:TagSession", fob.ErrRefused, "session tags"},
		{"AccessDeniedException", "anything", fob.ErrRefused, "denied"},
		{"ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining", fob.ErrRefused, "one hour"},
		{"ValidationError", "exceeds the MaxSessionDuration set for this role", fob.ErrRefused, "maximum session duration"},
		{"SignatureDoesNotMatch", "Signature expired: 20150830 is now earlier than", fob.ErrRefused, "clock is wrong"},
		{"SignatureDoesNotMatch", "", fob.ErrRefused, "does not belong"},
		{"InvalidClientTokenId", "", fob.ErrRefused, "does not know the access key"},
		{"Throttling", "Rate exceeded", fob.ErrNetwork, "fewer requests"},
		{"SomethingNew", "", fob.ErrRefused, "SomethingNew"},
	} {
		err := principal.Explain("prod", "role r", &smithy.GenericAPIError{Code: tt.code, Message: tt.text + secret})
		if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error()+fob.HintOf(err), secret) || fob.HintOf(err) == "" {
			t.Errorf("%s %.30s: %v (%s)", tt.code, tt.text, err, fob.HintOf(err))
		}
	}
	for _, tt := range []struct {
		err  error
		kind error
		says string
	}{
		{context.DeadlineExceeded, fob.ErrNetwork, "no answer within 10 seconds"},
		{context.Canceled, fob.ErrCancelled, "cancelled"},
		{&net.DNSError{Name: "sts.example"}, fob.ErrNetwork, "sts.example"},
		{&smithy.DeserializationError{Err: errors.New(secret)}, fob.ErrNetwork, "not AWS's"},
	} {
		err := principal.Explain("prod", "role r", tt.err)
		if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), secret) {
			t.Errorf("%v: %v", tt.err, err)
		}
	}
}

// If only STS's text says what is wrong it is shown: one line of limited length without control
// characters.
func TestWhatSTSSays(t *testing.T) {
	t.Parallel()
	const text = "1 validation error detected: Value 'x' at 'externalId' failed\r\n\tto satisfy\x1b[2J constraint.\n"
	const shown = "1 validation error detected: Value 'x' at 'externalId' failed to satisfy[2J constraint ("
	for _, tt := range []struct {
		service, code, text, says string
	}{
		{"STS", "ValidationError", text, "role r: AWS refused a parameter: " + shown + "ValidationError)"},
		{"STS", "InvalidParameterValue", text, "role r: AWS refused a parameter: " + shown + "InvalidParameterValue)"},
		{"STS", "SomethingNew", text, "role r: AWS refused: " + shown + "SomethingNew)"},
		{"STS", "ValidationError", strings.Repeat("é", 300), "parameter: " + strings.Repeat("é", 199) + "… (ValidationError)"},
		{"STS", "ValidationError", "", "role r: AWS refused a parameter (ValidationError)"},
		{"STS", "AccessDenied", text, "role r: AWS denied access (AccessDenied)"},
		{"SSO OIDC", "SomethingNew", text, "role r: AWS refused (SomethingNew)"},
		{"SSO", "ValidationError", text, "role r: AWS refused a parameter (ValidationError)"},
		{"STS", "InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.", "source passes on"},
		{"STS", "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.", "not among session_tags"},
	} {
		err := principal.Explain("prod", "role r", &smithy.OperationError{ServiceID: tt.service, Err: &smithy.GenericAPIError{Code: tt.code, Message: tt.text}})
		if !strings.Contains(err.Error(), tt.says) || fob.HintOf(err) == "" {
			t.Errorf("%s %s: %v (%s)", tt.service, tt.code, err, fob.HintOf(err))
		}
	}
}

// A mistyped code is asked for again; a wrong code of a program is not.
func TestMistypedCode(t *testing.T) {
	t.Parallel()
	ask := func(process string, answers ...string) (asked []string, err error) {
		p := fob.Profile{Name: "jane", Keys: map[string]string{"mfa_process": process}}
		env := principal.Env{UI: fob.UI{AskFunc: func(_ context.Context, q fob.Question) (fob.Secret, error) {
			asked = append(asked, q.Prompt)
			if len(asked) > len(answers) {
				return fob.Secret{}, fob.ErrNobody
			}
			return fob.NewSecret(answers[len(asked)-1]), nil
		}}}
		return asked, principal.WithMFA(t.Context(), env, p, "device", func(code string) error {
			if code != "123456" {
				t.Errorf("called with the code %q", code)
			}
			return nil
		})
	}
	if asked, err := ask("", "12345", " 123456 "); err != nil || len(asked) != 2 || !strings.Contains(asked[1], "six digits; MFA code") {
		t.Error(asked, err)
	}
	if asked, err := ask("", "12345"); !errors.Is(err, fob.ErrSignIn) || errors.Is(err, fob.ErrNobody) || len(asked) != 2 || !strings.Contains(fob.HintOf(err), "device") {
		t.Error(asked, err)
	}
	if asked, err := ask("", "1", "", "abcdef", "123456"); !errors.Is(err, fob.ErrSignIn) || len(asked) != 3 {
		t.Error(asked, err)
	}
	if asked, err := ask("totp", "no", "123456"); !errors.Is(err, fob.ErrSignIn) || len(asked) != 1 || !strings.Contains(fob.HintOf(err), "mfa_process") || strings.Contains(fob.HintOf(err), "type the code") {
		t.Error(asked, err, fob.HintOf(err))
	}
}
