package sso

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	portal "github.com/aws/aws-sdk-go-v2/service/sso"

	"fob/internal/fob"
	"fob/internal/principal"
)

// RoleKind returns the kind of roles that a sign-in gives.
func RoleKind() principal.Kind {
	return principal.Kind{
		Name: "sso", Word: "sso-role",
		Doc: "a role of IAM Identity Center, in one account",
		Fields: []principal.Field{
			{Key: "sso_session", Flag: "session", Doc: "the sign-in, a section [sso-session NAME]", Example: "corp", Names: sessionSection},
			{Key: "sso_account_id", Flag: "account-id", Doc: "the account", Example: "111122223333", Required: true,
				Check: principal.CheckAccount},
			{Key: "sso_role_name", Flag: "role-name", Doc: "the role's name in the access portal", Example: "ReadOnly", Required: true,
				Check: principal.CheckText("_+=,.@-", 1, 64)},
			{Key: "sso_start_url", Flag: "start-url", Doc: "the start URL, in profiles without sso_session"},
			{Key: "sso_region", Doc: "the instance's region, in profiles without sso_session"},
		},
		Services: []string{"sso"},
		Match: func(p fob.Profile) bool {
			return p.Get("sso_account_id") != "" && p.Get("sso_role_name") != ""
		},
		Source: func(p fob.Profile) string {
			if name := p.Get("sso_session"); name != "" {
				return sessionRef(name)
			}
			if name := inline(p.Keys); name != "" {
				return sessionRef(name)
			}
			return "" // Check reports what is missing
		},
		Check:   namesSignIn,
		Yields:  func(fob.Profile) principal.Yield { return principal.Session },
		Lasts:   func(fob.Profile) time.Duration { return 12 * time.Hour }, // the longest session of a permission set
		Account: func(p fob.Profile) string { return p.Get("sso_account_id") },
		Open:    func(p fob.Profile, env principal.Env) (principal.Principal, error) { return &role{p, env}, nil },
	}
}

// sessionRef is the name under which a sign-in is looked up.
func sessionRef(name string) string { return principal.Kind{Section: sessionSection}.Ref(name) }

// namesSignIn refuses a role without a sign-in.
func namesSignIn(p fob.Profile) error {
	switch url, region := p.Get("sso_start_url"), p.Get("sso_region"); {
	case p.Get("sso_session") != "" || url != "" && region != "":
		return nil
	case url != "":
		return fob.Errorf(fob.ErrUsage, "profile %q: sso_region is missing beside sso_start_url", p.Name).
			WithHint("--sso-region REGION; or --session NAME, after fob add sso NAME")
	}
	return fob.Errorf(fob.ErrUsage, "profile %q: sso_session is missing", p.Name).
		WithHint("--session NAME, the sign-in; fob list shows them, fob add sso NAME makes one")
}

type role struct {
	profile fob.Profile
	env     principal.Env
}

func (r *role) Credentials(ctx context.Context) (fob.Credentials, error) {
	token, err := r.env.Source.Credentials(ctx)
	if err != nil {
		return fob.Credentials{}, err
	}
	account := r.profile.Get("sso_account_id")
	var out *portal.GetRoleCredentialsOutput
	err = principal.Paced(ctx, portalLimiter(r.profile, r.env), func() (err error) {
		out, err = portalClient(r.profile, r.env, 3).GetRoleCredentials(ctx, &portal.GetRoleCredentialsInput{
			AccessToken: aws.String(token.SessionToken.Reveal()),
			AccountId:   aws.String(account), RoleName: aws.String(r.profile.Get("sso_role_name")),
		})
		return err
	})
	if err != nil {
		return fob.Credentials{}, principal.Explain(r.profile.Name, "role "+r.profile.Get("sso_role_name")+" in account "+account, err)
	}
	c := out.RoleCredentials
	if c == nil || aws.ToString(c.AccessKeyId) == "" || aws.ToString(c.SecretAccessKey) == "" || aws.ToString(c.SessionToken) == "" || c.Expiration <= 0 {
		return fob.Credentials{}, fob.Errorf(fob.ErrNetwork, "the portal answered without complete credentials").
			WithHint("check that no proxy or captive portal answers in AWS's place")
	}
	return fob.Credentials{
		AccessKeyID: *c.AccessKeyId, SecretAccessKey: fob.NewSecret(*c.SecretAccessKey), SessionToken: fob.NewSecret(*c.SessionToken),
		Expiration: time.UnixMilli(c.Expiration).UTC().Truncate(time.Second), AccountID: account,
	}, nil
}

// portalGap is the time between two calls: the portal accepts about 20 calls a second from one user
// (field reports).
const portalGap = time.Second / 20

// portalLimiter returns the limiter for all calls to a sign-in's portal.
func portalLimiter(p fob.Profile, env principal.Env) *principal.Limiter {
	return env.Limits.For("portal "+p.Get("sso_start_url")+" "+p.Get("sso_region")+" "+p.Endpoint("sso"), portalGap)
}

func portalClient(p fob.Profile, env principal.Env, attempts int) *portal.Client {
	opts := portal.Options{Region: p.Get("sso_region"), HTTPClient: env.HTTP, Retryer: principal.Retryer(attempts), APIOptions: principal.Limited()}
	opts.EndpointOptions.UseFIPSEndpoint, opts.EndpointOptions.UseDualStackEndpoint = principal.Variants(p)
	if url := p.Endpoint("sso"); url != "" {
		opts.BaseEndpoint = aws.String(url)
	}
	return portal.New(opts)
}
