// Package token is the way of the tokens that other tools ask for in AWS's name:
// kubectl (EKS), databases (RDS), git (CodeCommit) and Docker (ECR). Each is a
// signature, or one signed call, in the form that the tool wants.
package token

import (
	"context"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
)

// Way returns the way. Option "for" is the kind of token; the other options are:
//
//	eks         cluster; api: version of client.authentication.k8s.io, v1 or v1beta1
//	rds         target: HOST:PORT/USER
//	codecommit  input: what git wrote to its credential helper
//	ecr         input: what Docker wrote to its credential helper
func Way() delivery.Way {
	return delivery.Way{Name: "token", Doc: "a token for kubectl, a database, git or Docker", Hand: hand}
}

func hand(ctx context.Context, g delivery.Grant) (fob.Delivery, error) {
	switch kind := g.Options["for"]; kind {
	case "eks":
		return eks(ctx, g)
	case "rds":
		return rds(ctx, g)
	case "codecommit":
		return codecommit(ctx, g)
	case "ecr":
		return ecr(ctx, g)
	default:
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "there is no token for %q", kind).WithHint("fob token --help")
	}
}

// region is the profile's, or the request's instead of it.
func region(g delivery.Grant) (string, error) {
	if r := g.Profile.Get("region"); r != "" {
		return r, nil
	}
	return "", fob.Errorf(fob.ErrUsage, "profile %q has no region, and nothing else tells it", g.Profile.Name).WithHint("--region REGION")
}

// ends is when a token does that lasts for a time, if the credentials live so long.
func ends(g delivery.Grant, c fob.Credentials, lasts time.Duration) time.Time {
	end := g.Now.Add(lasts)
	if !c.Expiration.IsZero() && c.Expiration.Before(end) {
		end = c.Expiration
	}
	return end
}
