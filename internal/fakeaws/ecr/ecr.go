// Package ecr plays GetAuthorizationToken of ECR, and of ECR Public, which answers
// in another shape. The password says whose it is: no registry is played.
package ecr

import (
	"encoding/base64"
	"time"

	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/random"
	"fob/internal/fakeaws/service"
	"fob/internal/fakeaws/verify"
)

// tokenLasts is the life of a registry's password.
const tokenLasts = 12 * time.Hour

// New is ECR.
func New(env *service.Env) service.Service {
	return service.JSON{Env: env, Service: "ecr", Target: "AmazonEC2ContainerRegistry_V20150921",
		Operations: map[string]func(*identity.Caller, verify.Signature) (any, error){
			"GetAuthorizationToken": func(c *identity.Caller, sig verify.Signature) (any, error) {
				data := authorization(env, c)
				data["proxyEndpoint"] = "https://" + c.Account() + ".dkr.ecr." + sig.Region + ".amazonaws.com"
				return map[string]any{"authorizationData": []any{data}}, nil
			},
		}}
}

// Public is ECR Public.
func Public(env *service.Env) service.Service {
	return service.JSON{Env: env, Service: "ecr-public", Target: "SpencerFrontendService",
		Operations: map[string]func(*identity.Caller, verify.Signature) (any, error){
			"GetAuthorizationToken": func(c *identity.Caller, _ verify.Signature) (any, error) {
				return map[string]any{"authorizationData": authorization(env, c)}, nil
			},
		}}
}

func authorization(env *service.Env, c *identity.Caller) map[string]any {
	return map[string]any{
		"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:" + Password(c.ARN()))),
		"expiresAt":          float64(env.Now().Add(tokenLasts).UnixMilli()) / 1000,
	}
}

// Password is the password that the fake gives a caller for a registry.
func Password(arn string) string {
	return random.Marker + "ecr" + base64.RawURLEncoding.EncodeToString([]byte(arn))
}
