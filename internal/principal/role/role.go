// Package role is the kind "role": an IAM role, assumed from another profile (AssumeRole).
package role

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"fob/internal/fob"
	"fob/internal/partition"
	"fob/internal/principal"
	"fob/internal/quote"
)

// Kind returns the kind. The limits are those of the STS model.
func Kind() principal.Kind {
	return principal.Kind{
		Name: "role",
		Doc:  "an IAM role, assumed from another profile; chains may be of any depth",
		Fields: []principal.Field{
			{Key: "role_arn", Doc: "ARN of the role", Example: "arn:aws:iam::444455556666:role/Deploy", Required: true,
				Check: principal.CheckARN("iam", "role/")},
			{Key: "source_profile", Doc: "the profile to assume the role from", Example: "dev-user", Required: true, Names: "profile"},
			{Key: "role_session_name", Doc: "name of the session in CloudTrail",
				Check: principal.CheckText("_+=,.@-", 2, 64)},
			{Key: "external_id", Doc: "external id that the role's trust policy asks for",
				Check: principal.CheckText("_+=,.@:/-", 2, 1224)},
			{Key: "duration_seconds", Doc: "how long a session lasts; an hour by default, up to the role's maximum", Example: "3600",
				Check: principal.CheckDuration(12 * time.Hour)},
			{Key: "mfa_serial", Doc: "ARN or serial number of the MFA device of the user at the chain's start",
				Check: principal.CheckText("_+=/:,.@-", 9, 256)},
			{Key: "mfa_process", Doc: "a command that prints the MFA code, instead of asking"},
			{Key: "session_tags", Doc: "session tags, KEY=VALUE,KEY=VALUE",
				Check: func(v string) error { _, err := principal.ParsePairs(v); return err }},
			{Key: "transitive_session_tags", Doc: "keys of the tags that pass to the next role in a chain"},
			{Key: "source_identity", Doc: "source identity for CloudTrail, kept through chains",
				Check: principal.CheckText("_+=,.@-", 2, 64)},
			{Key: "role_policy", Flag: "policy", Doc: "session policy (JSON) that narrows what the session may do", Check: principal.CheckPolicy},
			{Key: "role_policy_arns", Flag: "policy-arns", Doc: "ARNs of managed policies that narrow it, separated by commas"},
		},
		Services: []string{"sts"},
		Match:    func(p fob.Profile) bool { return p.Get("role_arn") != "" && p.Get("source_profile") != "" },
		Source:   func(p fob.Profile) string { return p.Get("source_profile") },
		Yields:   func(fob.Profile) principal.Yield { return principal.Session },
		Lasts:    principal.Asked(time.Hour),
		Account:  func(p fob.Profile) string { return partition.AccountOf(p.Get("role_arn")) },
		Open:     open,
	}
}

func open(p fob.Profile, env principal.Env) (principal.Principal, error) {
	in := &sts.AssumeRoleInput{
		RoleArn:         aws.String(p.Get("role_arn")),
		RoleSessionName: aws.String(cmp.Or(p.Get("role_session_name"), principal.SessionName(p.Name, 64))),
		ExternalId:      principal.Optional(p.Get("external_id")),
		SourceIdentity:  principal.Optional(p.Get("source_identity")),
		Policy:          principal.Optional(p.Get("role_policy")),
	}
	if n, err := strconv.Atoi(p.Get("duration_seconds")); err == nil {
		in.DurationSeconds = aws.Int32(int32(n))
	}
	tags, err := principal.ParsePairs(p.Get("session_tags"))
	if err != nil {
		return nil, fob.Errorf(fob.ErrUsage, "profile %q: session_tags: %w", p.Name, err)
	}
	for _, t := range tags {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(t[0]), Value: aws.String(t[1])})
	}
	in.TransitiveTagKeys = principal.SplitList(p.Get("transitive_session_tags"))
	in.PolicyArns = principal.PolicyARNs(p)
	return &role{p, env, in}, nil
}

type role struct {
	profile fob.Profile
	env     principal.Env
	input   *sts.AssumeRoleInput
}

// Asks reports whether the role's own session takes an MFA code that a person types.
func (r *role) Asks() bool { return principal.AsksCode(r.profile) }

func (r *role) Credentials(ctx context.Context) (fob.Credentials, error) {
	source, err := r.env.Source.Credentials(ctx)
	if err != nil {
		return fob.Credentials{}, err
	}
	in := *r.input
	var out *sts.AssumeRoleOutput
	call := func(code string) error {
		if code != "" {
			in.TokenCode = aws.String(code)
		}
		return principal.PacedSTS(ctx, r.profile, r.env, source, func(client *sts.Client) (err error) {
			out, err = client.AssumeRole(ctx, &in)
			return err
		})
	}
	if serial := r.profile.Get("mfa_serial"); serial != "" {
		in.SerialNumber = aws.String(serial)
		err = principal.WithMFA(ctx, r.env, r.profile, serial, call)
	} else {
		err = call("")
	}
	if err != nil {
		return fob.Credentials{}, principal.ExplainKeys(r.profile.Name, "correct the keys that the chain starts with: fob show "+quote.Word(r.profile.Get("source_profile")), "profile "+r.profile.Name+", role "+aws.ToString(in.RoleArn), err)
	}
	return principal.FromSTS(out.Credentials, partition.AccountOf(aws.ToString(in.RoleArn)))
}
