// Package user is the kind of principal that an IAM user with an access key is.
package user

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"fob/internal/fob"
	"fob/internal/partition"
	"fob/internal/principal"
	"fob/internal/quote"
)

// The values of user_session. With never the user's own keys are handed out; with always
// they never are, whatever the caller asks for.
const (
	sessionNever  = "never"
	sessionAlways = "always"
)

// Kind returns the kind.
func Kind() principal.Kind {
	return principal.Kind{
		Name: "user",
		Doc:  "an IAM user with an access key; its secret is in the vault and is handed out only as a session (GetSessionToken)",
		Fields: []principal.Field{
			{Key: "aws_access_key_id", Flag: "access-key-id", Doc: "the user's access key id", Example: "AKIA…", Required: true,
				Check: principal.CheckPattern(`[A-Z0-9]{16,128}`, "an access key id (AKIA and 16 capital letters or digits)")},
			{Key: "aws_secret_access_key", Flag: "secret", Doc: "the user's secret access key", Required: true,
				Secret: &principal.Secret{
					Item:   func(p fob.Profile) string { return fob.KeyItem(p.Get("aws_access_key_id")) },
					Prompt: func(p fob.Profile) string { return "the user's secret access key of " + p.Get("aws_access_key_id") },
				}, Check: checkSecret},
			{Key: "mfa_serial", Doc: "ARN or serial number of the user's MFA device", Example: "arn:aws:iam::111122223333:mfa/jane",
				Check: principal.CheckText("_+=/:,.@-", 9, 256)},
			{Key: "mfa_process", Doc: "a command that prints the MFA code, instead of asking"},
			{Key: "duration_seconds", Doc: "how long a session lasts; AWS's default is 12 hours", Example: "43200",
				Check: principal.CheckDuration(36 * time.Hour)},
			{Key: "user_session", Doc: "never: hand out the user's own keys instead of a session; always: refuse that to whoever asks for it", Example: sessionAlways,
				Check: principal.CheckPattern(sessionNever+"|"+sessionAlways, sessionNever+" or "+sessionAlways)},
			{Key: "role_policy", Flag: "policy", Doc: "session policy (JSON): sessions are then made with GetFederationToken, which knows no MFA and no IAM calls",
				Check: principal.CheckPolicy},
			{Key: "role_policy_arns", Flag: "policy-arns", Doc: "ARNs of managed policies, to the same effect, separated by commas"},
			{Key: "aws_account_id", Flag: "account-id", Doc: "the user's account, for account-based endpoints",
				Check: principal.CheckAccount},
		},
		Services: []string{"sts"},
		Match:    func(p fob.Profile) bool { return p.Get("aws_access_key_id") != "" && p.Get("role_arn") == "" },
		Yields:   yields,
		Limits:   limits,
		Lasts:    principal.Asked(12 * time.Hour),
		Account:  account,
		Open:     func(p fob.Profile, env principal.Env) (principal.Principal, error) { return &user{p, env}, nil },
	}
}

// checkSecret refuses what no secret access key is: pasted with a blank or a line
// break in it, for instance.
func checkSecret(v string) error {
	if v == "" || strings.ContainsFunc(v, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return errors.New("is empty, or has blanks or unusual characters: paste it again, alone on its line")
	}
	return nil
}

// yields: keys with a token beside them, in clear in the AWS files, are a session's.
func yields(p fob.Profile) principal.Yield {
	if p.Secrets["aws_session_token"].IsZero() {
		return principal.StaticKeys
	}
	return principal.Session
}

// limits tells of AWS's rule that a session may call IAM only if it was made with MFA: the
// same keys in clear could.
func limits(p fob.Profile) string {
	if yields(p) != principal.StaticKeys || p.Get("mfa_serial") != "" || p.Get("user_session") == sessionNever {
		return ""
	}
	name := quote.Word(p.Name)
	return fmt.Sprintf("AWS refuses IAM calls to sessions that are made without MFA, as this one's are. For IAM: fob add user %s --mfa-serial ARN --force; or a role; or fob add user %s --user-session never --force, which hands out the keys themselves", name, name)
}

// account is the account that the definition names, else the one of the MFA device,
// else the one that the access key id encodes.
func account(p fob.Profile) string {
	return cmp.Or(p.Get("aws_account_id"), partition.AccountOf(p.Get("mfa_serial")), partition.AccountOfKey(p.Get("aws_access_key_id")))
}

type user struct {
	profile fob.Profile
	env     principal.Env
}

// Asks reports whether a session takes an MFA code that a person types.
func (u *user) Asks() bool {
	return principal.AsksCode(u.profile) && u.MakesSessions() && yields(u.profile) == principal.StaticKeys
}

// MakesSessions reports whether the definition lets sessions be made of the keys.
func (u *user) MakesSessions() bool { return u.profile.Get("user_session") != sessionNever }

// OnlySessions reports whether the definition forbids to hand out the keys themselves.
func (u *user) OnlySessions() bool { return u.profile.Get("user_session") == sessionAlways }

// WithoutSession is the definition under which the user's own keys are handed out.
// A policy narrows sessions only, so it goes.
func (u *user) WithoutSession() fob.Profile {
	return u.profile.With("user_session", sessionNever).With("role_policy", "").With("role_policy_arns", "")
}

func (u *user) Credentials(ctx context.Context) (fob.Credentials, error) {
	keys, err := u.keys()
	if err != nil {
		return fob.Credentials{}, err
	}
	narrowed := u.profile.Get("role_policy") != "" || u.profile.Get("role_policy_arns") != ""
	switch {
	case !keys.LongLived() && narrowed:
		return fob.Credentials{}, fob.Errorf(fob.ErrUsage, "the keys of profile %q are a session's, which no policy can narrow any more", u.profile.Name).
			WithHint("narrow a profile that has the user's own keys, or a role; fob list shows them")
	case narrowed:
		return u.federated(ctx, keys)
	// Keys that are a session's already cannot make another: hand them on.
	case !keys.LongLived() || !u.MakesSessions():
		return keys, nil
	}
	in := &sts.GetSessionTokenInput{}
	if n, err := strconv.Atoi(u.profile.Get("duration_seconds")); err == nil {
		in.DurationSeconds = aws.Int32(int32(n))
	}
	var out *sts.GetSessionTokenOutput
	call := func(code string) error {
		if code != "" {
			in.TokenCode = aws.String(code)
		}
		return principal.PacedSTS(ctx, u.profile, u.env, keys, func(client *sts.Client) (err error) {
			out, err = client.GetSessionToken(ctx, in)
			return err
		})
	}
	if serial := u.profile.Get("mfa_serial"); serial != "" {
		in.SerialNumber = aws.String(serial)
		err = principal.WithMFA(ctx, u.env, u.profile, serial, call)
	} else {
		err = call("")
	}
	if err != nil {
		return fob.Credentials{}, principal.ExplainKeys(u.profile.Name, correctKeys(u.profile), "session of user "+u.profile.Name, err)
	}
	return principal.FromSTS(out.Credentials, keys.AccountID)
}

// federated makes a session that policies narrow. Its calls may do what both the
// user and one of the policies may.
func (u *user) federated(ctx context.Context, keys fob.Credentials) (fob.Credentials, error) {
	in := &sts.GetFederationTokenInput{
		Name:       aws.String(principal.SessionName(u.profile.Name, 32)),
		Policy:     principal.Optional(u.profile.Get("role_policy")),
		PolicyArns: principal.PolicyARNs(u.profile),
	}
	if n, err := strconv.Atoi(u.profile.Get("duration_seconds")); err == nil {
		in.DurationSeconds = aws.Int32(int32(n))
	}
	var out *sts.GetFederationTokenOutput
	err := principal.PacedSTS(ctx, u.profile, u.env, keys, func(client *sts.Client) (err error) {
		out, err = client.GetFederationToken(ctx, in)
		return err
	})
	if err != nil {
		return fob.Credentials{}, principal.ExplainKeys(u.profile.Name, correctKeys(u.profile), "narrowed session of user "+u.profile.Name, err)
	}
	return principal.FromSTS(out.Credentials, keys.AccountID)
}

// correctKeys is how to correct the keys of a profile, where they are.
func correctKeys(p fob.Profile) string {
	if p.Origin == fob.OriginFob {
		return fmt.Sprintf("fob add user %s --access-key-id %s --force, which asks for the secret again", quote.Word(p.Name), p.Get("aws_access_key_id"))
	}
	return "correct the keys of profile " + p.Name + " in your AWS files"
}

// keys finds the user's own keys: in the vault, or in clear in the AWS files of
// somebody who has not adopted them yet.
func (u *user) keys() (fob.Credentials, error) {
	p := u.profile
	c := fob.Credentials{
		AccessKeyID:     p.Get("aws_access_key_id"),
		SecretAccessKey: p.Secrets["aws_secret_access_key"],
		SessionToken:    p.Secrets["aws_session_token"],
		AccountID:       p.Get("aws_account_id"),
	}
	if c.AccountID == "" {
		c.AccountID = partition.AccountOf(p.Get("mfa_serial"))
	}
	if c.SecretAccessKey.IsZero() {
		secret, err := u.env.Secrets.Get(fob.KeyItem(c.AccessKeyID))
		if errors.Is(err, fob.ErrNotFound) {
			return fob.Credentials{}, u.missing(err)
		}
		if err != nil {
			return fob.Credentials{}, err
		}
		c.SecretAccessKey = secret
	}
	return c, nil
}

// missing says how the secret comes to the profile: the vault's own error knows of
// no profiles.
func (u *user) missing(err error) error {
	p, force := u.profile, ""
	if p.Origin == fob.OriginFob {
		force = " --force"
	}
	return fob.Errorf(fob.ErrNotFound, "the secret of profile %q is not there: %w", p.Name, err).
		WithHint("fob add user %s --access-key-id %s%s, which asks for it", p.Name, p.Get("aws_access_key_id"), force)
}
