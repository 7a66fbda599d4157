package sso

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	portal "github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"fob/internal/fob"
	"fob/internal/principal"
)

// SignOut ends the sign-in at AWS, and forgets what renews it whether AWS could be
// told or not. The client's registration stays, for it is nobody's sign-in, but not
// where somebody signs in anew on purpose (fob login --force): AWS may have lost it.
func (s *session) SignOut(ctx context.Context, c fob.Credentials) error {
	p := s.profile
	untold := s.end(ctx, c)
	items := []string{"refresh"}
	if s.env.OnPurpose {
		items = append(items, "client")
	}
	if err := s.forget(ctx, items...); err != nil {
		return err
	}
	if untold == nil {
		return nil
	}
	return &fob.Error{Kind: fob.OutcomeOf(untold).Kind, Cause: untold,
		Message: "signed out of " + p.Name + " here, but AWS could not be told: " + untold.Error(),
		Hint:    "sign out on the page " + p.Get("sso_start_url") + " too, or wait until it ends by itself"}
}

// end ends the sign-in at AWS. That takes a token that is alive: where the one at
// hand is not, what renews it gives one for this last time.
func (s *session) end(ctx context.Context, c fob.Credentials) error {
	if !c.SessionToken.IsZero() {
		if over, err := s.logout(ctx, c); over || err != nil {
			return err
		}
	}
	refresh, err := s.env.Tokens.Get(s.item("refresh"))
	reg, known := s.registered()
	if err != nil || !known {
		return nil // nothing is left of it
	}
	c, _, err = s.token(ctx, reg, &ssooidc.CreateTokenInput{
		GrantType: aws.String("refresh_token"), RefreshToken: aws.String(refresh.Reveal())})
	switch {
	case isDead(err) || clientGone(err):
		return nil // it had ended already, or nobody can renew it any more
	case err != nil:
		return principal.Explain(s.profile.Name, "sign-out "+s.profile.Name, err)
	}
	_, err = s.logout(ctx, c)
	return err
}

// logout reports whether a token was alive and has ended its sign-in.
func (s *session) logout(ctx context.Context, c fob.Credentials) (over bool, err error) {
	_, err = portalClient(s.profile, s.env, 3).Logout(ctx, &portal.LogoutInput{AccessToken: aws.String(c.SessionToken.Reveal())})
	if principal.IsExpired(err) {
		return false, nil
	}
	return err == nil, principal.Explain(s.profile.Name, "sign-out "+s.profile.Name, err)
}
