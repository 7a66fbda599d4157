// Package token makes the tokens with which other tools authenticate by AWS credentials: kubectl
// (EKS), databases (RDS), git (CodeCommit) and Docker (ECR). Each is a signature or the result of
// one signed call, in the tool's format.
package token

import (
	"context"
	"net/http"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
)

// Way returns the delivery "token".
func Way() delivery.Way {
	return delivery.Way{Name: "token", Doc: "a token for kubectl, a database, git or Docker", Hand: delivery.Hand(hand)}
}

// options say for which tool the token is, and its details.
type options struct {
	For     string `option:"for"`     // eks, rds, codecommit or ecr
	Cluster string `option:"cluster"` // eks
	API     string `option:"api"`     // eks: version of client.authentication.k8s.io, v1 or v1beta1
	Target  string `option:"target"`  // rds: HOST:PORT/USER
	Input   string `option:"input"`   // codecommit, ecr: what git or Docker wrote to its credential helper
}

// Needs is what this delivery needs of the agent.
type Needs interface {
	HTTP() *http.Client // for calls to AWS
}

func hand(ctx context.Context, g delivery.Grant, o options) (fob.Delivery, error) {
	switch o.For {
	case "eks":
		return eks(ctx, g, o)
	case "rds":
		return rds(ctx, g, o)
	case "codecommit":
		return codecommit(ctx, g, o)
	case "ecr":
		return ecr(ctx, g, o)
	}
	return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "there is no token for %q", o.For).WithHint("fob token --help")
}

// region returns the request's region, else the profile's.
func region(g delivery.Grant) (string, error) {
	if r := g.Profile.Get("region"); r != "" {
		return r, nil
	}
	return "", fob.Errorf(fob.ErrUsage, "profile %q has no region, and nothing else tells it", g.Profile.Name).WithHint("--region REGION")
}

// ends returns when a token ends that is valid for lasts: then, or with the credentials if those
// end earlier.
func ends(g delivery.Grant, c fob.Credentials, lasts time.Duration) time.Time {
	end := g.Now.Add(lasts)
	if !c.Expiration.IsZero() && c.Expiration.Before(end) {
		end = c.Expiration
	}
	return end
}
